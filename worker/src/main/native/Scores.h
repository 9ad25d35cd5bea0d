// One row of scores, looked at through the best score of each block. Does not own the row. One thread at a time.
//
// Of a row that a device has handed over, most blocks are missing, and of these only bounds are known. What is told of
// such a row is what would be told of the whole one, or Incomplete is thrown.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "Handed.h"
#include "blocks.h"

class Scores {
public:
    // What is looked at from now on: whole rows, or one with the blocks that were handed over, which must stay as it is
    // meanwhile. Throws Incomplete where that is no row of numbers.
    void expect_whole() { handed = nullptr; }
    void expect(const Handed & row, int32_t count);

    bool missing() const { return handed != nullptr; } // whether some block may be
    bool has(int32_t block) const { return handed == nullptr || there[block]; }

    // A score of a missing block may have been changed; a change keeps the order of scores.
    template <typename Change> void change_bound(int32_t block, Change && change) {
        bounds[block] = std::max(bounds[block], change(bounds[block]));
    }

    // Throws Failure NOT_A_NUMBER for a row with a NaN, or whose best score is infinite.
    void look_at(const float * row, int32_t count);

    // The same, for a row that may have nothing but -infinity. Where bits are given, the scores of tokens whose bits are
    // not set count as such; the bits must stay as they are while scores are asked for.
    void look_at_any(const float * row, int32_t count, const uint64_t * allowed);

    int32_t blocks() const { return all.count; }
    const float * block(int32_t i) const {
        if (!has(i)) {
            throw Incomplete();
        }
        return allowed == nullptr ? all.at(i) : allowed_block(i);
    }
    float block_best(int32_t i) const { return block_bests[i]; }

    float best() const { return best_score; }
    bool ruled_out_better() const { return best_of_all > best_score; } // whether the best token's bit is not set
    int32_t best_token() const; // on a tie the one with the lowest id
    float kth_best(int32_t k);  // k is 1 to the number of tokens

    // The logarithm of the sum of e^score over the row as it is; for a row that was handed over, as it was.
    double log_sum() const;

    // Of the blocks that are missing: a score that none of theirs exceeds, and a bound of what e^((score - best) /
    // temperature) adds up to.
    float missing_best() const { return best_missing; }
    double missing_weight(float temperature) const;

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
    bool find_bests();
    bool find_bests_there();
    const float * allowed_block(int32_t i) const;

    Blocks all = {};
    const uint64_t * allowed = nullptr; // null: every token
    float last_block[BLOCK];
    float best_score = 0;
    float best_of_all = 0;
    std::vector<float> block_bests;  // bounds where blocks are missing
    const Handed * handed = nullptr; // null: nothing is missing
    std::vector<uint8_t> there;      // by block
    std::vector<float> bounds;       // by block, of the scores as edited
    float best_missing = 0;
    double handed_log_sum = 0;
    std::vector<float> best_scores; // scratch
    mutable std::vector<float> copies;   // of the blocks of which some tokens are ruled out
    mutable std::vector<uint8_t> copied; // by block
};
