// Chooses the next token from one row of scores. Holds scratch memory only: the same row, settings, history and index
// give the same token, always. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "GrammarMatcher.h"
#include "History.h"
#include "Sampling.h"
#include "Scores.h"
#include "Weights.h"

struct TokenLogprob {
    int32_t token;
    float logprob;
};

// As in Results.java.
struct Sampled {
    int32_t token; // -1: the grammar allows none
    float logprob; // log-softmax of the raw scores, before any setting; NaN where none was asked for
    int32_t flags;
    int32_t likeliest_count;
    TokenLogprob likeliest[MOST_LOGPROBS]; // likeliest first; those of probability 0 are left out
};

constexpr int32_t MASKED = 1;  // the mask has ruled out a token with a better score than all that it allows
constexpr int32_t FETCHED = 2; // what the device had handed over did not suffice

class Sampler {
public:
    // Writes into the row, and leaves it as it was. The history ends with the tokens of the completion before this
    // index. The grammar may be null, and the pieces too where there is no mask. Throws Failure NOT_A_NUMBER for a row with a NaN or without a largest finite score;
    // it is edited then.
    Sampled sample(
        float * row, int32_t count, const Sampling & sampling, History & history, GrammarMatcher * grammar,
        const TokenTrie * pieces, uint32_t index);

    // The same from what a device has handed over of the row, without a grammar: the token is that of the whole row, and
    // log-probabilities are but for rounding. Nothing where it takes the whole row to know. The count is a multiple of BLOCK.
    std::optional<Sampled> sample(
        const Handed & handed, int32_t count, const Sampling & sampling, History & history, const TokenTrie * pieces,
        uint32_t index);

private:
    Sampled choose_from(
        float * row, int32_t count, const Sampling & sampling, History & history, GrammarMatcher * grammar,
        const TokenTrie * pieces, uint32_t index);
    bool constrain(int32_t count, const History & history, GrammarMatcher & grammar, uint32_t index);
    void read_likeliest(int32_t wanted, double log_sum, Sampled & sampled);
    void edit_scores(const Sampling & sampling, History & history, uint32_t index);
    void look_at_edited(int32_t count, const Sampling & sampling, History & history, const uint64_t * mask);
    template <typename Change> void edit(int32_t token, Change && change);
    void undo(size_t edits_kept);
    int32_t choose(int32_t count, const Sampling & sampling, uint32_t index);

    struct Edit {
        int32_t token;
        float before;
    };

    float * row = nullptr;
    std::vector<float> scattered; // a row of which most blocks are missing
    std::vector<float> allowed; // the row, without what the grammar rules out
    std::vector<uint64_t> mask_inside; // of a character: scratch
    Scores scores;
    Weights weights;
    std::vector<Edit> edits;
    std::vector<int32_t> repeats;
    std::vector<TokenLogprob> likeliest;
};
