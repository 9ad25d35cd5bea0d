// How the tokens of one sequence are chosen, as SamplerSettings.java writes it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "GrammarRules.h"
#include "ScriptMask.h"

struct TokenBias {
    int32_t token;
    float bias;
};

// The fixed part, in the order and the sizes in which Java writes it; behind it stand the biases, and behind those
// the words of the mask and of the grammar, if there are any.
struct SamplingFields {
    uint64_t seed;
    float temperature; // 0: the best token
    float top_p;
    float min_p;
    float repetition_penalty;
    float presence_penalty;
    float frequency_penalty;
    int32_t top_k; // 0: all
    int32_t no_repeat_ngram_size; // 0: no ban
    int32_t logprobs; // so many of the likeliest tokens; -1: not even that of the chosen one
    int32_t biases;
    int32_t mask_words;    // 0: no mask
    int32_t grammar_words; // 0: no grammar
};

constexpr int32_t MOST_LOGPROBS = 20;

struct Sampling : SamplingFields {
    std::vector<TokenBias> bias;
    std::shared_ptr<const ScriptMask> mask;      // null: none
    std::shared_ptr<const GrammarRules> grammar; // null: none

    // Copies it out of so many bytes. Throws Failure INVALID_ARGUMENT for anything out of range.
    static Sampling read(const void * memory, int64_t bytes);

    // Throws Failure INVALID_ARGUMENT for a bias of a token that there is not, or a mask of other tokens.
    void require_tokens_below(int32_t vocabulary) const;

    bool penalises() const { return repetition_penalty != 1 || presence_penalty != 0 || frequency_penalty != 0; }
};
