#include "Sampler.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "jvm.h"

namespace {

constexpr int32_t BLOCK = 64;

// Weights below e^-87 are below what a float can hold; they are 0.
constexpr float LOWEST_EXPONENT = -87.0f;

// e^x for x <= 0 in plain arithmetic that the compiler can vectorise and every IEEE machine computes alike.
// x = n ln 2 + r, and a polynomial for e^r: the coefficients are those of Cephes' expf (S. L. Moshier), 2e-7 relative.
inline float exp_of(float x) {
    const float clamped = x < LOWEST_EXPONENT ? LOWEST_EXPONENT : x;
    const float shifted = clamped * 1.44269504088896341f + 12582912.0f; // rounds to an integer in the low bits
    const float n = shifted - 12582912.0f;
    const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return x < LOWEST_EXPONENT ? 0.0f : p * power;
}

// The passes over all scores, which cost the most, in vectors as wide as the machine has. The results do not depend on
// that: sums are kept in lanes of their own, and nothing is fused.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE_VECTORS
#endif

WIDE_VECTORS void weigh(const float * scores, int32_t count, float best, float temperature, float * weights) {
    for (int32_t i = 0; i < count; i++) {
        weights[i] = exp_of((scores[i] - best) / temperature);
    }
}

struct BlockBest {
    float score;
    bool has_nan;
};

WIDE_VECTORS BlockBest find_block_best(const float * scores) {
    float best[16];
    int32_t nans[16] = {};
    std::memcpy(best, scores, sizeof best);
    for (int32_t i = 0; i < BLOCK; i += 16) {
        for (int32_t lane = 0; lane < 16; lane++) {
            const float score = scores[i + lane];
            best[lane] = score > best[lane] ? score : best[lane];
            nans[lane] |= score != score;
        }
    }
    BlockBest block = {best[0], false};
    for (int32_t lane = 0; lane < 16; lane++) {
        block.score = best[lane] > block.score ? best[lane] : block.score;
        block.has_nan |= nans[lane] != 0;
    }
    return block;
}

// Sums the weights of a block, which behind the last score are 0.
WIDE_VECTORS double add_up(const float * weights) {
    float lanes[16] = {};
    for (int32_t i = 0; i < BLOCK; i += 16) {
        for (int32_t lane = 0; lane < 16; lane++) {
            lanes[lane] += weights[i + lane];
        }
    }
    double sum = 0;
    for (float lane : lanes) {
        sum += lane;
    }
    return sum;
}

} // namespace

void check(const Sampling & sampling) {
    if (!(sampling.temperature >= 0 && std::isfinite(sampling.temperature)) || !(sampling.top_p > 0 && sampling.top_p <= 1) ||
        sampling.top_k < 0) {
        throw Failure(INVALID_ARGUMENT, "sampling settings out of range");
    }
}

Sampled Sampler::sample(const float * scores, int32_t count, const Sampling & sampling, uint32_t index) {
    int32_t token = find_best(scores, count);
    const double raw_sum = sum_weights(scores, count, 1.0f);
    if (sampling.temperature > 0) {
        const float temperature = sampling.temperature;
        const double draw = uniform(sampling.seed, index);
        const bool all = sampling.top_k == 0 || sampling.top_k >= count;
        if (!all) {
            gather(scores, count, kth_best(scores, count, sampling.top_k), temperature);
        }
        const double sum = all && temperature != 1.0f ? sum_weights(scores, count, temperature) : raw_sum;
        if (all && sampling.top_p >= 1) {
            token = draw_from_all(scores, count, temperature, draw);
        } else {
            if (all) {
                gather_mass(scores, count, temperature, sampling.top_p * sum);
                apply_top_p(sampling.top_p * sum);
            } else if (sampling.top_p < 1) {
                apply_top_p(sampling.top_p * candidate_mass());
            }
            token = draw_from_candidates(draw);
        }
    }
    return {token, static_cast<float>(static_cast<double>(scores[token]) - best_score - std::log(raw_sum))};
}

// Also notes the best score of each block. On a tie the lowest id.
int32_t Sampler::find_best(const float * scores, int32_t count) {
    const int32_t blocks = (count + BLOCK - 1) / BLOCK;
    block_best.resize(blocks);
    block_sums.resize(blocks);
    bool has_nan = false;
    for (int32_t block = 0; block < blocks; block++) {
        const float * begin = scores + block * BLOCK;
        float padded[BLOCK];
        if (count - block * BLOCK < BLOCK) {
            std::fill(std::copy(begin, scores + count, padded), padded + BLOCK, -HUGE_VALF);
            begin = padded;
        }
        const BlockBest best = find_block_best(begin);
        block_best[block] = best.score;
        has_nan |= best.has_nan;
    }
    const auto best = std::max_element(block_best.begin(), block_best.end());
    best_score = *best;
    if (has_nan || !std::isfinite(best_score)) {
        throw Failure(NOT_A_NUMBER, "the model computed a score that is not a number");
    }
    const float * begin = scores + (best - block_best.begin()) * BLOCK;
    return static_cast<int32_t>(std::find(begin, scores + count, best_score) - scores);
}

double Sampler::sum_weights(const float * scores, int32_t count, float temperature) {
    double sum = 0;
    for (int32_t block = 0; block < static_cast<int32_t>(block_sums.size()); block++) {
        const int32_t start = block * BLOCK;
        float weights[BLOCK] = {};
        weigh(scores + start, std::min(BLOCK, count - start), best_score, temperature, weights);
        block_sums[block] = add_up(weights);
        sum += block_sums[block];
    }
    return sum;
}

// Walks the blocks' sums of the last sum_weights, then the tokens of one block.
int32_t Sampler::draw_from_all(const float * scores, int32_t count, float temperature, double draw) const {
    double total = 0;
    for (double sum : block_sums) {
        total += sum;
    }
    double left = draw * total;
    int32_t chosen = 0;
    for (int32_t block = 0; block < static_cast<int32_t>(block_sums.size()); block++) {
        if (block_sums[block] <= 0) {
            continue;
        }
        if (left >= block_sums[block]) {
            left -= block_sums[block];
            chosen = block;
            continue;
        }
        chosen = block;
        break;
    }
    int32_t token = -1;
    for (int32_t i = chosen * BLOCK; i < std::min(count, (chosen + 1) * BLOCK); i++) {
        const float weight = exp_of((scores[i] - best_score) / temperature);
        if (weight > 0) {
            token = i;
            left -= weight;
            if (left < 0) {
                break;
            }
        }
    }
    return token;
}

// The k-th best block is a floor under the k-th best score, which leaves little to sort.
float Sampler::kth_best(const float * scores, int32_t count, int32_t k) {
    const int32_t blocks = static_cast<int32_t>(block_best.size());
    float floor = -HUGE_VALF;
    if (k <= blocks) {
        heap = block_best;
        std::nth_element(heap.begin(), heap.begin() + (k - 1), heap.end(), std::greater<float>());
        floor = heap[k - 1];
    }
    heap.clear();
    for (int32_t block = 0; block < blocks; block++) {
        if (block_best[block] < floor) {
            continue;
        }
        for (int32_t i = block * BLOCK; i < std::min(count, (block + 1) * BLOCK); i++) {
            if (scores[i] >= floor) {
                heap.push_back(scores[i]);
            }
        }
    }
    std::nth_element(heap.begin(), heap.begin() + (k - 1), heap.end(), std::greater<float>());
    return heap[k - 1];
}

// Gathers ever deeper until the mass is reached. Mostly a few of the best blocks have it.
void Sampler::gather_mass(const float * scores, int32_t count, float temperature, double kept_mass) {
    for (float nats = 2; nats < 64; nats *= 2) {
        gather(scores, count, best_score - nats * temperature, temperature);
        if (candidate_mass() >= kept_mass) {
            return;
        }
    }
    gather(scores, count, -HUGE_VALF, temperature);
}

double Sampler::candidate_mass() const {
    double mass = 0;
    for (const Candidate & candidate : candidates) {
        mass += candidate.weight;
    }
    return mass;
}

// The tokens at or above a score, in the order of their ids.
void Sampler::gather(const float * scores, int32_t count, float floor, float temperature) {
    candidates.clear();
    for (int32_t block = 0; block < static_cast<int32_t>(block_best.size()); block++) {
        if (block_best[block] < floor) {
            continue;
        }
        for (int32_t i = block * BLOCK; i < std::min(count, (block + 1) * BLOCK); i++) {
            if (scores[i] >= floor) {
                candidates.push_back({i, scores[i], exp_of((scores[i] - best_score) / temperature)});
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
    int32_t token = candidates.front().token;
    for (const Candidate & candidate : candidates) {
        if (candidate.weight > 0) {
            token = candidate.token;
            left -= candidate.weight;
            if (left < 0) {
                break;
            }
        }
    }
    return token;
}

// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC11): the seed is
// the key, the index the counter. 53 bits of the block make the number.
double uniform(uint64_t seed, uint32_t index) {
    uint32_t counter[4] = {index, 0, 0, 0};
    uint32_t key[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = UINT64_C(0xD2511F53) * counter[0];
        const uint64_t b = UINT64_C(0xCD9E8D57) * counter[2];
        const uint32_t next[4] = {
            static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0],
            static_cast<uint32_t>(b),
            static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1],
            static_cast<uint32_t>(a),
        };
        std::memcpy(counter, next, sizeof counter);
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    const uint64_t bits = static_cast<uint64_t>(counter[0]) << 32 | counter[1];
    return static_cast<double>(bits >> 11) * 0x1p-53;
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
