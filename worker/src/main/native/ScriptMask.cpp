#include "ScriptMask.h"

#include <algorithm>
#include <cstring>

#include "errors.h"

namespace {

constexpr int32_t LEAST[] = {0, 0x80, 0x800, 0x10000}; // of a character with so many bytes after the first

} // namespace

std::shared_ptr<const ScriptMask> ScriptMask::read(const int32_t * ints, int64_t count) {
    auto mask = std::make_shared<ScriptMask>();
    constexpr int64_t HEAD = 3;
    if (count < HEAD || ints[0] < 1 || ints[1] < 0 || ints[2] < 0) {
        throw Failure(INVALID_ARGUMENT, "a mask out of range");
    }
    const int64_t words = (static_cast<int64_t>(ints[0]) + 63) / 64;
    if (count != HEAD + 2 * (words + ints[1] + ints[2])) {
        throw Failure(INVALID_ARGUMENT, "a mask cut short");
    }
    mask->vocabulary = ints[0];
    mask->whole.resize(static_cast<size_t>(words));
    mask->characters.resize(static_cast<size_t>(ints[1]));
    mask->continuations.resize(static_cast<size_t>(ints[2]));
    const int32_t * from = ints + HEAD;
    const auto take = [&](auto & to) {
        std::memcpy(to.data(), from, to.size() * sizeof to[0]);
        from += 2 * to.size();
    };
    take(mask->whole);
    take(mask->characters);
    take(mask->continuations);
    for (const Continuation & continuation : mask->continuations) {
        if (continuation.token < 0 || continuation.token >= mask->vocabulary) {
            throw Failure(INVALID_ARGUMENT, "a mask of a token that there is not");
        }
    }
    return mask;
}

const uint64_t * ScriptMask::after(
        const int32_t * completion, size_t length, const TokenTrie & pieces, std::vector<uint64_t> & scratch) const {
    const Partial partial = end_of(completion, length, pieces);
    if (partial.missing <= 0) {
        return whole.data();
    }
    scratch.assign(whole.size(), 0);
    const auto add = [&](int32_t token) { scratch[static_cast<size_t>(token) / 64] |= UINT64_C(1) << (token % 64); };
    for (const Continuation & continuation : continuations) {
        if (may_follow(partial, continuation.head)) {
            add(continuation.token);
        }
    }
    std::for_each(pieces.ends.begin(), pieces.ends.end(), add);
    return scratch.data();
}

// A function of the last three bytes.
ScriptMask::Partial ScriptMask::end_of(const int32_t * completion, size_t length, const TokenTrie & pieces) {
    int32_t payload = 0;
    int32_t continued = 0;
    for (size_t i = length; i > 0; i--) {
        const std::string & piece = pieces.piece(completion[i - 1]);
        for (size_t j = piece.size(); j > 0; j--) {
            const auto byte = static_cast<uint8_t>(piece[j - 1]);
            if ((byte & 0xC0) != 0x80) {
                const int32_t more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
                return {payload | (byte & 0x3F >> more) << 6 * continued, more - continued, LEAST[more]};
            }
            if (continued == 2) {
                return {0, 0, 0};
            }
            payload |= (byte & 0x3F) << 6 * continued++;
        }
    }
    return {0, 0, 0};
}

bool ScriptMask::may_follow(const Partial & partial, int32_t head) const {
    const int32_t bytes = head >> 24 & 3;
    const bool goes_on = head >> 28 & 1;
    const int32_t missing = partial.missing - bytes;
    if (missing < 0 || (missing > 0 && goes_on)) {
        return false;
    }
    const int32_t payload = partial.payload << 6 * bytes | (head & 0x3FFFF);
    const int32_t first = std::max(payload << 6 * missing, partial.least);
    const int32_t last = ((payload + 1) << 6 * missing) - 1;
    const auto found = std::lower_bound(
        characters.begin(), characters.end(), first, [](const Range & range, int32_t c) { return range.last < c; });
    return found != characters.end() && found->first <= last;
}
