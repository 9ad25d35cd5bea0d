// Guesses of the next token: what came after the same tokens the last time, in whatever sequence. One thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "History.h"

// A hash table that forgets: for the last tokens, up to three, the one that followed. What falls into the same place
// replaces what is there; a guess may be wrong anyhow.
class Guesses {
public:
    Guesses() : places(PLACES, Place{0, -1}) {}

    // The history goes on with this token.
    void learn(const History & history, int32_t token);

    // Of what follows the history and this token. -1: it has not been seen.
    int32_t after(const History & history, int32_t token) const;

private:
    static constexpr size_t PLACES = 1 << 17; // 1 MB
    static constexpr size_t LONGEST = 3;

    struct Place {
        uint32_t check; // the part of the hash that does not say where it is
        int32_t next;
    };

    std::vector<Place> places;
};
