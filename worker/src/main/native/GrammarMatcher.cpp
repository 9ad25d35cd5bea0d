#include "GrammarMatcher.h"

#include <algorithm>
#include <cmath>
#include <cstring>

bool GrammarMatcher::allow(const int32_t * completion, size_t length, const float * scores, float * allowed) {
    states.allow_work();
    follow(completion, length);
    if (state == GrammarStates::DEAD) {
        return false;
    }
    if (states.large()) {
        masks.clear();
        state = states.keep_only(state);
    }
    const Mask & may_follow = mask();
    if (states.exhausted()) {
        masks.clear();
        state = GrammarStates::DEAD;
        return false;
    }
    bool any = false;
    const auto count = static_cast<size_t>(vocabulary->size());
    for (size_t word = 0; word < may_follow.size(); word++) {
        const size_t begin = word * 64;
        const size_t end = std::min(begin + 64, count);
        const uint64_t bits = may_follow[word];
        any |= bits != 0;
        if (bits == 0) {
            std::fill(allowed + begin, allowed + end, -HUGE_VALF);
        } else if (bits == ~UINT64_C(0)) {
            std::memcpy(allowed + begin, scores + begin, (end - begin) * sizeof(float));
        } else {
            for (size_t i = begin; i < end; i++) {
                allowed[i] = bits >> (i - begin) & 1 ? scores[i] : -HUGE_VALF;
            }
        }
    }
    return any;
}

void GrammarMatcher::follow(const int32_t * completion, size_t length) {
    const bool goes_on =
        started && accepted.size() <= length && std::equal(accepted.begin(), accepted.end(), completion);
    if (!goes_on) {
        started = true;
        accepted.clear();
        masks.clear();
        state = states.restart();
    }
    while (accepted.size() < length) {
        states.allow_work();
        accept(completion[accepted.size()]);
    }
}

void GrammarMatcher::accept(int32_t token) {
    accepted.push_back(token);
    const std::string & piece = vocabulary->piece(token);
    if (piece.empty()) {
        state = GrammarStates::DEAD;
    }
    for (size_t i = 0; i < piece.size() && state != GrammarStates::DEAD; i++) {
        state = states.next(state, static_cast<uint8_t>(piece[i]));
    }
    if (state != GrammarStates::DEAD && states.large()) {
        masks.clear();
        state = states.keep_only(state);
    }
}

const GrammarMatcher::Mask & GrammarMatcher::mask() {
    const auto known = masks.find(state);
    if (known != masks.end()) {
        return known->second;
    }
    if (masks.size() >= MOST_MASKS) {
        masks.clear();
    }
    Mask & added = masks[state];
    added.assign((static_cast<size_t>(vocabulary->size()) + 63) / 64, 0);
    walk(added);
    return added;
}

// Along all pieces at once; what begins with bytes that cannot follow is skipped.
void GrammarMatcher::walk(Mask & mask) {
    const auto add = [&](int32_t token) { mask[static_cast<size_t>(token) / 64] |= UINT64_C(1) << (token % 64); };
    const auto & nodes = vocabulary->nodes;
    path.resize(vocabulary->longest + 1);
    path[0] = state;
    for (size_t i = 0; i < nodes.size() && !states.exhausted();) {
        const TokenTrie::Node & node = nodes[i];
        const int32_t next = states.next(path[node.depth], node.byte);
        if (next == GrammarStates::DEAD) {
            i = static_cast<size_t>(node.behind);
            continue;
        }
        path[node.depth + 1] = next;
        for (int32_t j = node.first; j < node.first + node.count; j++) {
            add(vocabulary->sorted[j]);
        }
        i++;
    }
    if (states.complete(state)) {
        std::for_each(vocabulary->ends.begin(), vocabulary->ends.end(), add);
    }
}
