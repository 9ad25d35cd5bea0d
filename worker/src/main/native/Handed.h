// One row of scores as a device hands it over: something of every block, and all scores of the best blocks. Does not own
// the memory.
#pragma once

#include <cstdint>

struct Handed {
    const float * bests;     // by block: no score of the block is above
    const float * shares;    // by block: its part of the row's softmax, but for rounding
    const int32_t * numbers; // of the blocks whose scores are here; the first of them has the best score
    const float * scores;    // BLOCK for each of them
    int32_t numbered;
};

// Thrown where the answer depends on scores that were not handed over.
struct Incomplete {};
