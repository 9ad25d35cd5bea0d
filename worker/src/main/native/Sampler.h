// Chooses the next token from one row of scores. Holds scratch memory only: the same row, settings and index give the
// same token, always. One thread at a time.
#pragma once

#include <cstdint>
#include <vector>

struct Sampling {
    float temperature = 0; // 0: the best token
    float top_p = 1;
    int32_t top_k = 0; // 0: all
    uint64_t seed = 0;
};

// Throws Failure INVALID_ARGUMENT for settings out of range.
void check(const Sampling & sampling);

struct Sampled {
    int32_t token;
    float logprob; // under the raw scores
};

class Sampler {
public:
    // Scores are looked at in blocks, most of which need no second look.
    static constexpr int32_t BLOCK = 64;

    // Throws Failure NOT_A_NUMBER for a row with a NaN or without a largest finite score.
    Sampled sample(const float * scores, int32_t count, const Sampling & sampling, uint32_t index);

private:
    struct Candidate {
        int32_t token;
        float score;
        float weight; // above 0; the best token's is 1
    };

    void begin(const float * scores, int32_t count);
    const float * block_at(int32_t block) const;
    int32_t find_best();
    int32_t draw(int32_t count, const Sampling & sampling, double raw_sum, uint32_t index);
    double sum_weights(float temperature);
    int32_t draw_from_all(float temperature, double draw) const;
    float kth_best(int32_t k);
    void gather(float floor, float temperature);
    void gather_mass(float temperature, double kept_mass);
    double candidate_mass() const;
    void apply_top_p(double kept_mass);
    int32_t draw_from_candidates(double draw) const;

    const float * row = nullptr;
    float last_block[BLOCK];
    float best_score = 0;
    std::vector<float> block_best;
    std::vector<double> block_sums;
    std::vector<float> best_scores;
    std::vector<Candidate> candidates;
    std::vector<Candidate> sorted;
};
