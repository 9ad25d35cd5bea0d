#include "Sampler.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <iterator>
#include <numeric>

#include "blocks.h"
#include "jvm.h"
#include "philox.h"

void check(const Sampling & sampling) {
    if (!(sampling.temperature >= 0 && std::isfinite(sampling.temperature)) || !(sampling.top_p > 0 && sampling.top_p <= 1) ||
        sampling.top_k < 0) {
        throw Failure(INVALID_ARGUMENT, "sampling settings out of range");
    }
}

Sampled Sampler::sample(const float * scores, int32_t count, const Sampling & sampling, uint32_t index) {
    begin(scores, count);
    const int32_t best = find_best();
    const double raw_sum = sum_weights(1);
    const int32_t token = sampling.temperature > 0 ? draw(count, sampling, raw_sum, index) : best;
    return {token, static_cast<float>(static_cast<double>(scores[token]) - best_score - std::log(raw_sum))};
}

int32_t Sampler::draw(int32_t count, const Sampling & sampling, double raw_sum, uint32_t index) {
    const float temperature = sampling.temperature;
    const double drawn = uniform(sampling.seed, index);
    if (sampling.top_k > 0 && sampling.top_k < count) {
        gather(kth_best(sampling.top_k), temperature);
        if (sampling.top_p < 1) {
            apply_top_p(sampling.top_p * candidate_mass());
        }
        return draw_from_candidates(drawn);
    }
    const double sum = temperature == 1 ? raw_sum : sum_weights(temperature);
    if (sampling.top_p == 1) {
        return draw_from_all(temperature, drawn);
    }
    gather_mass(temperature, sampling.top_p * sum);
    apply_top_p(sampling.top_p * sum);
    return draw_from_candidates(drawn);
}

// A block of scores. Behind the last score of the row stands what no token can be.
const float * Sampler::block_at(int32_t block) const {
    return block == static_cast<int32_t>(block_best.size()) - 1 ? last_block : row + block * BLOCK;
}

void Sampler::begin(const float * scores, int32_t count) {
    const int32_t blocks = (count + BLOCK - 1) / BLOCK;
    row = scores;
    block_best.resize(blocks);
    block_sums.resize(blocks);
    const float * const end = std::copy(scores + (blocks - 1) * BLOCK, scores + count, last_block);
    std::fill(last_block + (end - last_block), last_block + BLOCK, -HUGE_VALF);
}

// Also notes the best score of each block. On a tie the lowest id.
int32_t Sampler::find_best() {
    bool has_nan = false;
    for (size_t block = 0; block < block_best.size(); block++) {
        block_best[block] = find_block_best(block_at(static_cast<int32_t>(block)));
        has_nan |= std::isnan(block_best[block]);
    }
    const auto best = std::max_element(block_best.begin(), block_best.end());
    best_score = *best;
    if (has_nan || !std::isfinite(best_score)) {
        throw Failure(NOT_A_NUMBER, "the model computed a score that is not a number");
    }
    const auto block = static_cast<int32_t>(best - block_best.begin());
    const float * const begin = block_at(block);
    return block * BLOCK + static_cast<int32_t>(std::find(begin, begin + BLOCK, best_score) - begin);
}

double Sampler::sum_weights(float temperature) {
    float weights[BLOCK];
    double sum = 0;
    for (size_t block = 0; block < block_sums.size(); block++) {
        block_sums[block] = weigh(block_at(static_cast<int32_t>(block)), best_score, temperature, weights);
        sum += block_sums[block];
    }
    return sum;
}

// Walks the blocks' sums of the last sum_weights, then the tokens of one block.
int32_t Sampler::draw_from_all(float temperature, double draw) const {
    double left = draw * std::accumulate(block_sums.begin(), block_sums.end(), 0.0);
    int32_t chosen = 0;
    for (int32_t block = 0; block < static_cast<int32_t>(block_sums.size()); block++) {
        if (block_sums[block] > 0) {
            chosen = block;
            if (left < block_sums[block]) {
                break;
            }
            left -= block_sums[block];
        }
    }
    float weights[BLOCK];
    weigh(block_at(chosen), best_score, temperature, weights);
    int32_t token = -1;
    for (int32_t i = 0; i < BLOCK && left >= 0; i++) {
        if (weights[i] > 0) {
            token = chosen * BLOCK + i;
            left -= weights[i];
        }
    }
    return token;
}

// The k-th best block is a floor under the k-th best score, which leaves little to sort.
float Sampler::kth_best(int32_t k) {
    const auto better = std::greater<float>();
    float floor = -HUGE_VALF;
    if (k <= static_cast<int32_t>(block_best.size())) {
        best_scores = block_best;
        std::nth_element(best_scores.begin(), best_scores.begin() + (k - 1), best_scores.end(), better);
        floor = best_scores[k - 1];
    }
    best_scores.clear();
    for (size_t block = 0; block < block_best.size(); block++) {
        if (block_best[block] >= floor) {
            const float * const begin = block_at(static_cast<int32_t>(block));
            std::copy_if(begin, begin + BLOCK, std::back_inserter(best_scores), [&](float s) { return s >= floor; });
        }
    }
    std::nth_element(best_scores.begin(), best_scores.begin() + (k - 1), best_scores.end(), better);
    return best_scores[k - 1];
}

// Gathers ever deeper until the mass is reached. Mostly a few of the best blocks have it.
void Sampler::gather_mass(float temperature, double kept_mass) {
    for (float nats = 2; nats < 64; nats *= 2) {
        gather(best_score - nats * temperature, temperature);
        if (candidate_mass() >= kept_mass) {
            return;
        }
    }
    gather(-HUGE_VALF, temperature);
}

double Sampler::candidate_mass() const {
    double mass = 0;
    for (const Candidate & candidate : candidates) {
        mass += candidate.weight;
    }
    return mass;
}

// The tokens at or above a score, in the order of their ids.
void Sampler::gather(float floor, float temperature) {
    float weights[BLOCK];
    candidates.clear();
    for (size_t block = 0; block < block_best.size(); block++) {
        if (block_best[block] < floor) {
            continue;
        }
        const auto first = static_cast<int32_t>(block) * BLOCK;
        const float * const begin = block_at(static_cast<int32_t>(block));
        weigh(begin, best_score, temperature, weights);
        for (int32_t i = 0; i < BLOCK; i++) {
            if (begin[i] >= floor && weights[i] > 0) {
                candidates.push_back({first + i, begin[i], weights[i]});
            }
        }
    }
}

// Keeps the fewest best candidates that reach the mass. Sorts only the part in which the border lies.
void Sampler::apply_top_p(double kept_mass) {
    const auto better = [](const Candidate & a, const Candidate & b) {
        return a.score != b.score ? a.score > b.score : a.token < b.token;
    };
    sorted = candidates;
    auto begin = sorted.begin();
    auto end = sorted.end();
    double above = 0;
    while (end - begin > 32) {
        const auto middle = begin + (end - begin) / 2;
        std::nth_element(begin, middle, end, better);
        double half = 0;
        for (auto i = begin; i != middle; ++i) {
            half += i->weight;
        }
        if (above + half >= kept_mass) {
            end = middle;
        } else {
            above += half;
            begin = middle;
        }
    }
    std::sort(begin, end, better);
    auto last = begin;
    for (auto i = begin; i != end; ++i) {
        last = i;
        above += i->weight;
        if (above >= kept_mass) {
            break;
        }
    }
    const Candidate border = *last;
    candidates.erase(
        std::remove_if(candidates.begin(), candidates.end(), [&](const Candidate & c) { return better(border, c); }),
        candidates.end());
}

int32_t Sampler::draw_from_candidates(double draw) const {
    double left = draw * candidate_mass();
    for (const Candidate & candidate : candidates) {
        left -= candidate.weight;
        if (left < 0) {
            return candidate.token;
        }
    }
    return candidates.back().token;
}

// Token in the upper half, the bits of the log-probability in the lower.
extern "C" JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_Sampler_sample(
        JNIEnv * env, jclass, jobject scores, jint count, jfloat temperature, jfloat top_p, jint top_k, jlong seed, jint index) {
    return guarded([&]() -> jlong {
        const Sampling sampling = {temperature, top_p, top_k, static_cast<uint64_t>(seed)};
        check(sampling);
        if (count < 1 || index < 0) {
            throw Failure(INVALID_ARGUMENT, "no scores, or a bad index");
        }
        static thread_local Sampler sampler;
        const Sampled sampled = sampler.sample(memory<float>(env, scores, count), count, sampling, static_cast<uint32_t>(index));
        uint32_t bits;
        std::memcpy(&bits, &sampled.logprob, sizeof bits);
        return static_cast<jlong>(sampled.token) << 32 | bits;
    });
}
