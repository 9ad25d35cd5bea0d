// Which tokens may follow where all characters of a completion are of a set, as ScriptMask.java writes it. Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "TokenTrie.h"

class ScriptMask {
public:
    // Throws Failure INVALID_ARGUMENT for anything out of range.
    static std::shared_ptr<const ScriptMask> read(const int32_t * ints, int64_t count);

    int32_t tokens() const { return vocabulary; }

    // A bit for each token that may follow these. Where they end inside a character, the bits are worked out in the
    // scratch memory.
    const uint64_t * after(
        const int32_t * completion, size_t length, const TokenTrie & pieces, std::vector<uint64_t> & scratch) const;

private:
    struct Range {
        int32_t first;
        int32_t last;
    };

    // A token that begins inside a character. Its head is the payload of its first bytes, their number, and whether
    // whole characters follow.
    struct Continuation {
        int32_t token;
        int32_t head;
    };

    // What a text lacks to be whole: the payload so far, the bytes to come, and the least that it may become.
    struct Partial {
        int32_t payload;
        int32_t missing;
        int32_t least;
    };

    static Partial end_of(const int32_t * completion, size_t length, const TokenTrie & pieces);
    bool may_follow(const Partial & partial, int32_t head) const;

    int32_t vocabulary = 0;
    std::vector<uint64_t> whole; // the tokens that may follow whole characters
    std::vector<Range> characters;
    std::vector<Continuation> continuations;
};
