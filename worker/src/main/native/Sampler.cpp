#include "Sampler.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <mutex>

#include "errors.h"
#include "jvm.h"
#include "philox.h"
#include "registry.h"

namespace {

// A division by a tiny penalty must not make a score infinite.
float finite(float score) {
    return score == -HUGE_VALF ? score : std::clamp(score, -FLT_MAX, FLT_MAX);
}

// Hugging Face's RepetitionPenaltyLogitsProcessor for what prompt or output has, then OpenAI's two for what the output
// has.
float penalised(float score, int32_t in_output, const Sampling & sampling) {
    const float repetition = sampling.repetition_penalty;
    score = finite(score <= 0 ? score * repetition : score / repetition);
    if (in_output > 0) {
        score -= sampling.frequency_penalty * static_cast<float>(in_output);
        score -= sampling.presence_penalty;
    }
    return finite(score);
}

} // namespace

Sampled Sampler::sample(
        float * from, int32_t count, const Sampling & sampling, History & history, GrammarMatcher * grammar,
        const TokenTrie * pieces, uint32_t index) {
    scores.expect_whole();
    return choose_from(from, count, sampling, history, grammar, pieces, index);
}

std::optional<Sampled> Sampler::sample(
        const Handed & handed, int32_t count, const Sampling & sampling, History & history, const TokenTrie * pieces,
        uint32_t index) {
    try {
        scores.expect(handed, count);
        scattered.resize(static_cast<size_t>(count));
        for (int32_t i = 0; i < handed.numbered; i++) {
            const float * const block = handed.scores + static_cast<int64_t>(i) * BLOCK;
            std::copy(block, block + BLOCK, &scattered[static_cast<size_t>(handed.numbers[i]) * BLOCK]);
        }
        return choose_from(scattered.data(), count, sampling, history, nullptr, pieces, index);
    } catch (const Incomplete &) {
        return std::nullopt;
    }
}

Sampled Sampler::choose_from(
        float * from, int32_t count, const Sampling & sampling, History & history, GrammarMatcher * grammar,
        const TokenTrie * pieces, uint32_t index) {
    row = from;
    edits.clear();
    Sampled sampled = {0, NAN, 0, 0, {}};
    double log_sum = 0;
    if (sampling.logprobs >= 0) {
        scores.look_at(row, count);
        log_sum = scores.log_sum();
        read_likeliest(std::min(sampling.logprobs, count), log_sum, sampled);
    }
    if (grammar != nullptr && !constrain(count, history, *grammar, index)) {
        return {-1, NAN, 0, 0, {}};
    }
    const uint64_t * mask = nullptr;
    if (sampling.mask) {
        const size_t length = std::min<size_t>(index, history.length());
        mask = sampling.mask->after(history.last(length), length, *pieces, mask_inside);
    }
    edit_scores(sampling, history, index);
    look_at_edited(count, sampling, history, mask);
    sampled.flags = scores.ruled_out_better() ? MASKED : 0;
    sampled.token = choose(count, sampling, index);
    undo(0);
    if (sampling.logprobs >= 0) {
        sampled.logprob = static_cast<float>(static_cast<double>(from[sampled.token]) - log_sum);
    }
    return sampled;
}

// From here on the row is a copy in which only the tokens that the grammar allows have scores. Everything else sees
// these alone, so that the draw is one from the distribution over them.
bool Sampler::constrain(int32_t count, const History & history, GrammarMatcher & grammar, uint32_t index) {
    scores.look_at(row, count);
    allowed.resize(static_cast<size_t>(count));
    const size_t length = std::min<size_t>(index, history.length());
    const bool any = grammar.allow(history.last(length), length, row, allowed.data());
    row = allowed.data();
    return any;
}

void Sampler::read_likeliest(int32_t wanted, double log_sum, Sampled & sampled) {
    likeliest.clear();
    if (wanted > 0) {
        scores.at_least(std::max(scores.kth_best(wanted), -FLT_MAX), [&](int32_t token, float score) {
            likeliest.push_back({token, score});
        });
    }
    std::stable_sort(likeliest.begin(), likeliest.end(), [](const TokenLogprob & a, const TokenLogprob & b) {
        return a.logprob > b.logprob;
    });
    sampled.likeliest_count = std::min(wanted, static_cast<int32_t>(likeliest.size()));
    for (int32_t i = 0; i < sampled.likeliest_count; i++) {
        const TokenLogprob & score = likeliest[i];
        sampled.likeliest[i] = {score.token, static_cast<float>(static_cast<double>(score.logprob) - log_sum)};
    }
}

// In the order of Hugging Face's generate: bias, penalties, ban of n-grams; temperature and the rest come after.
void Sampler::edit_scores(const Sampling & sampling, History & history, uint32_t index) {
    for (const TokenBias & bias : sampling.bias) {
        edit(bias.token, [&](float score) { return score + bias.bias; });
    }
    if (sampling.penalises()) {
        const bool only_output = sampling.repetition_penalty == 1;
        const size_t prompt_length = history.length() - std::min<size_t>(index, history.length());
        for (const TokenUses::Use & use : history.uses(prompt_length)) {
            if (use.in_output > 0 || !only_output) {
                edit(use.token, [&](float score) { return penalised(score, use.in_output, sampling); });
            }
        }
    }
}

// Looks at the edited scores without what mask and ban rule out. Where they leave nothing, the ban is lifted for this
// token, and then the mask, which can be in the way of a grammar only: it has the ends of a completion.
void Sampler::look_at_edited(int32_t count, const Sampling & sampling, History & history, const uint64_t * mask) {
    const size_t edits_before = edits.size();
    if (sampling.no_repeat_ngram_size > 0) {
        repeats.clear();
        history.find_repeats(static_cast<size_t>(sampling.no_repeat_ngram_size), repeats);
        for (const int32_t token : repeats) {
            edit(token, [](float) { return -HUGE_VALF; });
        }
    }
    scores.look_at_any(row, count, mask);
    if (scores.best() == -HUGE_VALF) {
        undo(edits_before);
        scores.look_at_any(row, count, mask);
    }
    if (scores.best() == -HUGE_VALF) {
        scores.look_at(row, count);
    }
}

// A change keeps the order of scores.
template <typename Change> void Sampler::edit(int32_t token, Change && change) {
    if (!scores.has(token / BLOCK)) {
        scores.change_bound(token / BLOCK, change);
        return;
    }
    if (!(row[token] < HUGE_VALF)) {
        throw Failure(NOT_A_NUMBER, "the model computed a score that is not a number");
    }
    edits.push_back({token, row[token]});
    row[token] = change(row[token]);
}

void Sampler::undo(size_t edits_kept) {
    for (; edits.size() > edits_kept; edits.pop_back()) {
        row[edits.back().token] = edits.back().before;
    }
}

int32_t Sampler::choose(int32_t count, const Sampling & sampling, uint32_t index) {
    if (sampling.temperature == 0) {
        return scores.best_token();
    }
    weights.weigh(scores, sampling.temperature);
    Border border;
    if (sampling.top_k > 0 && sampling.top_k < count) {
        border.score = scores.kth_best(sampling.top_k);
    }
    if (sampling.top_p < 1) {
        border = weights.nucleus(border, sampling.top_p);
    }
    if (sampling.min_p > 0) {
        const auto floor =
            static_cast<float>(scores.best() + static_cast<double>(sampling.temperature) * std::log(sampling.min_p));
        if (floor > border.score) {
            border = {floor, Border::LAST};
        }
    }
    return weights.draw(border, uniform(sampling.seed, index));
}

namespace {

struct OpenSampler {
    Sampling sampling;
    int32_t vocabulary;
    std::shared_ptr<const TokenTrie> pieces; // null: neither grammar nor mask needs them
    std::unique_ptr<GrammarMatcher> grammar; // null: none
    History history;
    Sampler sampler;
    std::mutex in_use;
};

Registry<OpenSampler> & samplers() {
    static Registry<OpenSampler> registry;
    return registry;
}

// For each token its flags and its piece, in the native byte order.
std::shared_ptr<const TokenTrie> vocabulary_from(JNIEnv * env, jobject buffer, int32_t tokens) {
    const char * const from = memory<char>(env, buffer, 0);
    const int64_t bytes = env->GetDirectBufferCapacity(buffer);
    constexpr int64_t HEAD = 1 + sizeof(int32_t);
    std::vector<std::string> pieces;
    std::vector<int32_t> ends;
    for (int64_t at = 0; at < bytes;) {
        int32_t size = -1;
        if (bytes - at >= HEAD) {
            std::memcpy(&size, from + at + 1, sizeof size);
        }
        if (size < 0 || size > bytes - at - HEAD) {
            throw Failure(INVALID_ARGUMENT, "a vocabulary cut short");
        }
        if (from[at] != 0) {
            ends.push_back(static_cast<int32_t>(pieces.size()));
        }
        pieces.emplace_back(from + at + HEAD, static_cast<size_t>(size));
        at += HEAD + size;
    }
    if (pieces.size() != static_cast<size_t>(tokens)) {
        throw Failure(INVALID_ARGUMENT, "as many pieces as tokens are needed");
    }
    return std::make_shared<TokenTrie>(std::move(pieces), std::move(ends));
}

template <typename Body> jlong using_sampler(jlong handle, Body && body) {
    return guarded([&]() -> jlong {
        const std::shared_ptr<OpenSampler> sampler = samplers().find(handle);
        const std::lock_guard<std::mutex> lock(sampler->in_use);
        body(*sampler);
        return 0;
    });
}

} // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_Sampler_open(
        JNIEnv * env, jclass, jobject settings, jint vocabulary, jobject pieces) {
    return guarded([&]() -> jlong {
        auto opened = std::make_shared<OpenSampler>();
        opened->sampling = sampling_from(env, settings);
        opened->vocabulary = vocabulary;
        opened->sampling.require_tokens_below(vocabulary);
        if (opened->sampling.grammar || opened->sampling.mask) {
            opened->pieces = vocabulary_from(env, pieces, vocabulary);
        }
        if (opened->sampling.grammar) {
            opened->grammar = std::make_unique<GrammarMatcher>(opened->sampling.grammar, opened->pieces);
        }
        return samplers().add(std::move(opened));
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_Sampler_close(JNIEnv *, jclass, jlong handle) {
    return guarded([&]() -> jlong {
        samplers().remove(handle);
        return 0;
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_Sampler_append(JNIEnv *, jclass, jlong handle, jint token) {
    return using_sampler(handle, [&](OpenSampler & open) {
        if (token < 0 || token >= open.vocabulary) {
            throw Failure(INVALID_ARGUMENT, "no token " + std::to_string(token));
        }
        open.history.append(token);
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_Sampler_sample(
        JNIEnv * env, jclass, jlong handle, jobject scores, jint index, jobject result) {
    return using_sampler(handle, [&](OpenSampler & open) {
        if (open.vocabulary < 1 || index < 0) {
            throw Failure(INVALID_ARGUMENT, "no scores, or a bad index");
        }
        float * const row = memory<float>(env, scores, open.vocabulary);
        auto * const sampled = reinterpret_cast<Sampled *>(memory<int32_t>(env, result, sizeof(Sampled)));
        *sampled = open.sampler.sample(
            row, open.vocabulary, open.sampling, open.history, open.grammar.get(), open.pieces.get(),
            static_cast<uint32_t>(index));
    });
}

// The memory has the fields of Handed one behind the other. The result is flagged FETCHED where they do not suffice.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_Sampler_sampleHanded(
        JNIEnv * env, jclass, jlong handle, jobject handed, jint numbered, jint index, jobject result) {
    return using_sampler(handle, [&](OpenSampler & open) {
        const int32_t blocks = open.vocabulary / BLOCK;
        if (open.vocabulary % BLOCK != 0 || numbered < 1 || numbered > blocks || index < 0) {
            throw Failure(INVALID_ARGUMENT, "not so many blocks, or a bad index");
        }
        const int64_t floats = 2 * static_cast<int64_t>(blocks) + (1 + BLOCK) * static_cast<int64_t>(numbered);
        const float * const bests = memory<float>(env, handed, floats);
        const auto * const numbers = reinterpret_cast<const int32_t *>(bests + 2 * static_cast<int64_t>(blocks));
        if (std::any_of(numbers, numbers + numbered, [&](int32_t n) { return n < 0 || n >= blocks; })) {
            throw Failure(INVALID_ARGUMENT, "no such block");
        }
        const auto * const scores = reinterpret_cast<const float *>(numbers + numbered);
        const Handed row = {bests, bests + blocks, numbers, scores, numbered};
        auto * const sampled = reinterpret_cast<Sampled *>(memory<int32_t>(env, result, sizeof(Sampled)));
        const std::optional<Sampled> found = open.sampler.sample(
            row, open.vocabulary, open.sampling, open.history, open.pieces.get(), static_cast<uint32_t>(index));
        *sampled = found.value_or(Sampled{-1, NAN, FETCHED, 0, {}});
    });
}

} // extern "C"
