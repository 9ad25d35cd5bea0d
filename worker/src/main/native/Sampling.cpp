#include "Sampling.h"

#include <cmath>
#include <cstring>

#include "errors.h"

namespace {

bool in_range(const SamplingFields & fields) {
    return fields.temperature >= 0 && std::isfinite(fields.temperature) && fields.top_p > 0 && fields.top_p <= 1 &&
           fields.min_p >= 0 && fields.min_p <= 1 && fields.repetition_penalty > 0 &&
           std::isfinite(fields.repetition_penalty) && std::isfinite(fields.presence_penalty) &&
           std::isfinite(fields.frequency_penalty) && fields.top_k >= 0 && fields.no_repeat_ngram_size >= 0 &&
           fields.logprobs >= -1 && fields.logprobs <= MOST_LOGPROBS;
}

} // namespace

Sampling Sampling::read(const void * memory, int64_t bytes) {
    constexpr int64_t FIELDS = sizeof(SamplingFields);
    Sampling sampling;
    if (bytes < FIELDS) {
        throw Failure(INVALID_ARGUMENT, "sampling settings cut short");
    }
    std::memcpy(static_cast<SamplingFields *>(&sampling), memory, FIELDS);
    const int64_t biases = sampling.biases;
    if (!in_range(sampling) || biases < 0 || biases > (bytes - FIELDS) / static_cast<int64_t>(sizeof(TokenBias))) {
        throw Failure(INVALID_ARGUMENT, "sampling settings out of range");
    }
    const auto first = reinterpret_cast<const TokenBias *>(static_cast<const char *>(memory) + FIELDS);
    sampling.bias.assign(first, first + biases);
    for (const TokenBias & bias : sampling.bias) {
        if (!std::isfinite(bias.bias)) {
            throw Failure(INVALID_ARGUMENT, "a bias that is no number");
        }
    }
    const auto words = reinterpret_cast<const int32_t *>(first + biases);
    const int64_t left = (bytes - FIELDS - biases * static_cast<int64_t>(sizeof(TokenBias))) / 4;
    const int64_t mask_words = sampling.mask_words;
    const int64_t grammar_words = sampling.grammar_words;
    if (mask_words < 0 || grammar_words < 0 || mask_words + grammar_words != left) {
        throw Failure(INVALID_ARGUMENT, "sampling settings of another length");
    }
    if (mask_words > 0) {
        sampling.mask = ScriptMask::read(words, mask_words);
    }
    if (grammar_words > 0) {
        sampling.grammar = GrammarRules::read(words + mask_words, grammar_words);
    }
    return sampling;
}

void Sampling::require_tokens_below(int32_t vocabulary) const {
    for (const TokenBias & bias : bias) {
        if (bias.token < 0 || bias.token >= vocabulary) {
            throw Failure(INVALID_ARGUMENT, "a bias of token " + std::to_string(bias.token) + ", which there is not");
        }
    }
    if (mask && mask->tokens() != vocabulary) {
        throw Failure(INVALID_ARGUMENT, "a mask of another vocabulary");
    }
}
