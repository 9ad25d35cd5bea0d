#include "Scores.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>

#include "errors.h"

void Scores::look_at(const float * row, int32_t count) {
    look_at_any(row, count, nullptr);
    if (best_score == -HUGE_VALF) {
        throw Failure(NOT_A_NUMBER, "the model ruled out every token");
    }
}

void Scores::look_at_any(const float * row, int32_t count, const uint64_t * bits) {
    allowed = bits;
    all = {row, last_block, (count + BLOCK - 1) / BLOCK};
    float * const end = std::copy(row + static_cast<int64_t>(all.count - 1) * BLOCK, row + count, last_block);
    std::fill(end, last_block + BLOCK, -HUGE_VALF);
    block_bests.resize(static_cast<size_t>(all.count));
    bool has_nan;
    if (allowed == nullptr) {
        has_nan = find_block_bests(all, block_bests.data());
    } else {
        has_nan = find_allowed_bests(all, allowed, block_bests.data(), best_of_all);
        copied.assign(static_cast<size_t>(all.count), 0);
        copies.resize(static_cast<size_t>(all.count) * BLOCK);
    }
    best_score = *std::max_element(block_bests.begin(), block_bests.end());
    if (allowed == nullptr) {
        best_of_all = best_score;
    }
    if (has_nan || best_of_all == HUGE_VALF) {
        throw Failure(NOT_A_NUMBER, "the model computed a score that is not a number");
    }
}

// A block is copied when it is first needed; few are.
const float * Scores::allowed_block(int32_t i) const {
    if (allowed[i] == ~UINT64_C(0)) {
        return all.at(i);
    }
    float * const copy = &copies[static_cast<size_t>(i) * BLOCK];
    if (!copied[i]) {
        copy_allowed(all.at(i), allowed[i], copy);
        copied[i] = 1;
    }
    return copy;
}

int32_t Scores::best_token() const {
    const auto best = std::find(block_bests.begin(), block_bests.end(), best_score);
    const auto number = static_cast<int32_t>(best - block_bests.begin());
    const float * const scores = block(number);
    return number * BLOCK + static_cast<int32_t>(std::find(scores, scores + BLOCK, best_score) - scores);
}

// The k-th best block is a floor under the k-th best score, which leaves little to sort.
float Scores::kth_best(int32_t k) {
    const auto better = std::greater<float>();
    float floor = -HUGE_VALF;
    if (k <= all.count) {
        best_scores = block_bests;
        std::nth_element(best_scores.begin(), best_scores.begin() + (k - 1), best_scores.end(), better);
        floor = best_scores[static_cast<size_t>(k) - 1];
    }
    best_scores.clear();
    at_least(std::max(floor, -FLT_MAX), [&](int32_t, float score) { best_scores.push_back(score); });
    if (static_cast<size_t>(k) > best_scores.size()) {
        return -HUGE_VALF; // what is ruled out need not be sorted
    }
    std::nth_element(best_scores.begin(), best_scores.begin() + (k - 1), best_scores.end(), better);
    return best_scores[static_cast<size_t>(k) - 1];
}
