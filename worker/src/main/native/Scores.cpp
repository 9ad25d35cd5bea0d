#include "Scores.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>

#include "errors.h"

namespace {

constexpr double ROUNDING = 1e-3; // far more than the sum of a softmax is off by

double sum_of_block(const float * scores, float best) {
    return sum_weights({scores, scores, 1}, best);
}

} // namespace

void Scores::expect(const Handed & row, int32_t count) {
    const int32_t blocks = count / BLOCK;
    double sum = 0;
    for (int32_t i = 0; i < blocks; i++) {
        sum += row.shares[i];
    }
    if (!(std::fabs(sum - 1) < ROUNDING)) {
        throw Incomplete();
    }
    handed = &row;
    bounds.assign(row.bests, row.bests + blocks);
    there.assign(static_cast<size_t>(blocks), 0);
    for (int32_t i = 0; i < row.numbered; i++) {
        there[row.numbers[i]] = 1;
    }
    const int32_t first = row.numbers[0];
    const float best = row.bests[first];
    handed_log_sum = best + std::log(sum_of_block(row.scores, best)) - std::log(static_cast<double>(row.shares[first]));
}

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
    const bool has_nan = find_bests();
    if (has_nan || best_of_all == HUGE_VALF) {
        throw Failure(NOT_A_NUMBER, "the model computed a score that is not a number");
    }
}

// Whether a score is not a number.
bool Scores::find_bests() {
    if (allowed != nullptr) {
        copied.assign(static_cast<size_t>(all.count), 0);
        copies.resize(static_cast<size_t>(all.count) * BLOCK);
    }
    if (handed != nullptr) {
        return find_bests_there();
    }
    const bool has_nan = allowed == nullptr ? find_block_bests(all, block_bests.data())
                                            : find_allowed_bests(all, allowed, block_bests.data(), best_of_all);
    best_score = *std::max_element(block_bests.begin(), block_bests.end());
    if (allowed == nullptr) {
        best_of_all = best_score;
    }
    return has_nan;
}

// Only where the best score is above all that may be missing is it certain, and whether the mask rules out a better one.
bool Scores::find_bests_there() {
    block_bests = bounds;
    for (int32_t i = 0; i < handed->numbered; i++) {
        block_bests[handed->numbers[i]] = -HUGE_VALF;
    }
    best_missing = *std::max_element(block_bests.begin(), block_bests.end());
    best_score = best_of_all = -HUGE_VALF;
    bool has_nan = false;
    for (int32_t i = 0; i < handed->numbered; i++) {
        const int32_t number = handed->numbers[i];
        const Blocks block = {all.at(number), all.at(number), 1};
        float best_of_block = 0;
        if (allowed == nullptr) {
            has_nan |= find_block_bests(block, &block_bests[number]);
            best_of_block = block_bests[number];
        } else {
            has_nan |= find_allowed_bests(block, allowed + number, &block_bests[number], best_of_block);
        }
        best_score = std::max(best_score, block_bests[number]);
        best_of_all = std::max(best_of_all, best_of_block);
    }
    if (best_missing >= best_score) {
        throw Incomplete();
    }
    return has_nan;
}

double Scores::log_sum() const {
    return handed != nullptr ? handed_log_sum : best_score + std::log(sum_weights(all, best_score));
}

// A block's weight is at most that of so many of its bound. Where no score was raised, its share of the softmax, which is
// its weight at temperature 1, says more: below that temperature weights shrink at least as that of the bound does, and
// above it the power of a sum bounds the sum of powers (by the power mean inequality).
double Scores::missing_weight(float temperature) const {
    const double slope = 1.0 / temperature;
    double sum = 0;
    for (int32_t i = 0; i < all.count; i++) {
        if (there[i]) {
            continue;
        }
        const double bound = bounds[i];
        double weight = BLOCK * std::exp((bound - best_score) * slope);
        if (bounds[i] == handed->bests[i]) {
            const double log_share = std::log(handed->shares[i] + FLT_MIN) + handed_log_sum + ROUNDING;
            const double log_weight = slope >= 1 ? log_share + (slope - 1) * bound
                                                 : slope * log_share + (1 - slope) * std::log(BLOCK);
            weight = std::min(weight, std::exp(log_weight - slope * best_score));
        }
        sum += weight;
    }
    return sum;
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
    best_scores.clear();
    for (int32_t i = 0; i < all.count; i++) {
        if (has(i)) {
            best_scores.push_back(block_bests[i]);
        }
    }
    if (static_cast<size_t>(k) <= best_scores.size()) {
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
