#include "GrammarStates.h"

#include <algorithm>

int32_t GrammarStates::restart() {
    clear();
    work = 0;
    visit(GrammarRules::ROOT_REFERENCE, BOTTOM);
    visit_all();
    return state_of_reached();
}

void GrammarStates::clear() {
    frames.clear();
    frame_ids.clear();
    states.clear();
    state_ids.clear();
    seen_in.clear();
}

void GrammarStates::allow_work() {
    round++;
    work_left = MOST_WORK;
}

int32_t GrammarStates::next(int32_t state, uint8_t byte) {
    const uint8_t of = rules->class_of(byte);
    if (states[state].steps[of].next == UNKNOWN) {
        const Step found = work_out(state, byte);
        states[state].steps[of] = found;
    }
    Step & taken = states[state].steps[of];
    if (taken.charged != round) {
        taken.charged = round;
        work_left -= taken.work;
    }
    if (taken.next != DEAD && states[taken.next].charged != round) {
        states[taken.next].charged = round;
        work_left -= WORK_OF_A_STATE;
    }
    return exhausted() ? DEAD : taken.next;
}

GrammarStates::Step GrammarStates::work_out(int32_t state, uint8_t byte) {
    for (const int32_t id : states[state].frames) {
        const Frame from = frames[id];
        if (rules->has(from.element, byte)) {
            visit(from.element + 1, from.below);
        }
    }
    work = static_cast<int32_t>(states[state].frames.size());
    visit_all();
    Step found;
    found.work = work;
    found.next = state_of_reached();
    return found;
}

// Notes a place to go on from, once in a step: so a rule that comes back to itself without a byte comes to an end.
void GrammarStates::visit(int32_t element, int32_t below) {
    const int32_t id = frame(element, below);
    if (seen_in[id] != step) {
        seen_in[id] = step;
        to_visit.push_back(id);
    }
}

// From each place goes on to where the next byte is. A reference at the end of an alternative leaves nothing behind, so
// that a repetition does not make the stack deeper.
void GrammarStates::visit_all() {
    while (!to_visit.empty() && work <= MOST_WORK) {
        const int32_t id = to_visit.back();
        to_visit.pop_back();
        const Frame at = frames[id];
        work++;
        if (rules->ends_alternative(at.element)) {
            if (at.below == BOTTOM) {
                reached.first = true;
            } else {
                visit(frames[at.below].element, frames[at.below].below);
            }
        } else if (!rules->refers(at.element)) {
            reached.second.push_back(id);
        } else {
            const bool last = rules->ends_alternative(at.element + 1);
            const int32_t below = last ? at.below : frame(at.element + 1, at.below);
            int32_t element = rules->start_of_rule(at.element);
            visit(element, below);
            for (; !rules->ends_rule(element); element++, work++) {
                if (rules->ends_alternative(element)) {
                    visit(element + 1, below);
                }
            }
        }
    }
    to_visit.clear();
    step++;
}

int32_t GrammarStates::frame(int32_t element, int32_t below) {
    const int64_t key = static_cast<int64_t>(element) << 32 | static_cast<uint32_t>(below);
    const auto [found, added] = frame_ids.emplace(key, static_cast<int32_t>(frames.size()));
    if (added) {
        frames.push_back({element, below});
        seen_in.push_back(-1);
    }
    return found->second;
}

int32_t GrammarStates::state_of_reached() {
    Key key = std::move(reached);
    reached = {};
    if (work > MOST_WORK || (key.second.empty() && !key.first)) {
        return DEAD;
    }
    std::sort(key.second.begin(), key.second.end());
    const auto [found, added] = state_ids.emplace(std::move(key), static_cast<int32_t>(states.size()));
    if (added) {
        State state;
        state.frames = found->first.second;
        state.complete = found->first.first;
        state.steps.resize(static_cast<size_t>(rules->class_count()));
        states.push_back(std::move(state));
    }
    return found->second;
}

// A frame stands behind those below it, so one pass in order copies whole stacks.
int32_t GrammarStates::keep_only(int32_t state) {
    const std::vector<Frame> before = std::move(frames);
    const State kept = std::move(states[state]);
    std::vector<bool> needed(before.size());
    for (int32_t id : kept.frames) {
        for (; id != BOTTOM && !needed[id]; id = before[id].below) {
            needed[id] = true;
        }
    }
    clear();
    std::vector<int32_t> now(before.size());
    for (size_t id = 0; id < before.size(); id++) {
        if (needed[id]) {
            now[id] = frame(before[id].element, before[id].below == BOTTOM ? BOTTOM : now[before[id].below]);
        }
    }
    work = 0;
    reached.first = kept.complete;
    for (const int32_t id : kept.frames) {
        reached.second.push_back(now[id]);
    }
    return state_of_reached();
}
