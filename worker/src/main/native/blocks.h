// The passes over the scores of a row, block by block: what sampling costs.
#pragma once

#include <cstdint>

// So many scores that few blocks need a second look, and few scores of those that do are looked at in vain.
constexpr int32_t BLOCK = 64;

// A row cut into blocks. The last one may be short, so it is read from a copy that is filled up with what no token can
// be.
struct Blocks {
    const float * at(int32_t i) const { return i == count - 1 ? last : row + static_cast<int64_t>(i) * BLOCK; }

    const float * row;
    const float * last;
    int32_t count;
};

// Weights below e^-87 are below what a float can hold; they are 0.
constexpr float LOWEST_EXPONENT = -87.0f;

// The best score of each block. Returns whether a score is not a number.
bool find_block_bests(const Blocks & blocks, float * bests);

// The same among the tokens whose bits are set; a word is a block's. The other scores are looked at for numbers and for
// the best of all.
bool find_allowed_bests(const Blocks & blocks, const uint64_t * allowed, float * bests, float & best_of_all);

// Copies the scores of a block whose bits are set, and -infinity for the others.
void copy_allowed(const float * scores, uint64_t allowed, float * to);

// Writes e^((score - best) * slope) for each score of a block. No score is above the best.
void weigh_block(const float * scores, float best, float slope, float * weights);

// The sum of e^(score - best) over the row.
double sum_weights(const Blocks & blocks, float best);

// The sum of a block's weights, of the tokens above the floor and of those at the floor up to the last one. Adds their
// number to the count.
float sum_kept(const float * scores, const float * weights, float floor, int32_t last, int32_t & count);
