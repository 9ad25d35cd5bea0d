// One row of scores, looked at through the best score of each block. Does not own the row. One thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks.h"

class Scores {
public:
    // Throws Failure NOT_A_NUMBER for a row with a NaN, or whose best score is infinite.
    void look_at(const float * row, int32_t count);

    // The same, for a row that may have nothing but -infinity. Where bits are given, the scores of tokens whose bits are
    // not set count as such; the bits must stay as they are while scores are asked for.
    void look_at_any(const float * row, int32_t count, const uint64_t * allowed);

    int32_t blocks() const { return all.count; }
    const float * block(int32_t i) const { return allowed == nullptr ? all.at(i) : allowed_block(i); }
    float block_best(int32_t i) const { return block_bests[i]; }

    float best() const { return best_score; }
    bool ruled_out_better() const { return best_of_all > best_score; } // whether the best token's bit is not set
    int32_t best_token() const; // on a tie the one with the lowest id
    float kth_best(int32_t k);  // k is 1 to the number of tokens

    // The sum of e^(score - best).
    double sum() const { return sum_weights(all, best_score); }

    // Calls visit(token, score) for each token with a score of at least the floor, in the order of their ids.
    template <typename Visit> void at_least(float floor, Visit && visit) const {
        for (int32_t i = 0; i < all.count; i++) {
            if (block_bests[i] >= floor) {
                const float * const scores = block(i);
                for (int32_t j = 0; j < BLOCK; j++) {
                    if (scores[j] >= floor) {
                        visit(i * BLOCK + j, scores[j]);
                    }
                }
            }
        }
    }

private:
    const float * allowed_block(int32_t i) const;

    Blocks all = {};
    const uint64_t * allowed = nullptr; // null: every token
    float last_block[BLOCK];
    float best_score = 0;
    float best_of_all = 0;
    std::vector<float> block_bests;
    std::vector<float> best_scores; // scratch
    mutable std::vector<float> copies;   // of the blocks of which some tokens are ruled out
    mutable std::vector<uint8_t> copied; // by block
};
