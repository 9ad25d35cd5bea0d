#include "Context.h"

#include <algorithm>

namespace {

// On a CPU, attention over 64 rows and more takes another kernel, with other rounding. So a step goes to llama.cpp in
// slices that stay below with their pad row. Then the length of a prompt's chunks leaves no trace either.
constexpr int CPU_SLICE_ROWS = 62;

// The rows that llama.cpp sees at once, without the pad row.
int slice_rows(const Model & model, int batch_tokens) {
    return model.gpu == nullptr ? std::min(batch_tokens, CPU_SLICE_ROWS) : batch_tokens;
}

llama_context * open_llama(const Model & model, int kv_cells, int sequences, int batch_tokens, int threads) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(kv_cells) + 1; // and the pad row's
    params.n_batch = params.n_ubatch = static_cast<uint32_t>(slice_rows(model, batch_tokens)) + 1;
    params.n_seq_max = params.n_outputs_max = static_cast<uint32_t>(sequences) + 2;
    params.n_outputs_max_per_seq = 1;
    params.n_threads = params.n_threads_batch = threads;
    params.kv_unified = true;
    params.op_offload = model.gpu != nullptr;
    params.no_perf = true;
    llama_context * const context = llama_init_from_model(model.model, params);
    if (context == nullptr) {
        throw Failure(OUT_OF_MEMORY, "cannot open a context");
    }
    return context;
}

} // namespace

std::shared_ptr<Context> Context::open(
    std::shared_ptr<Model> model, int kv_cells, int sequences, int batch_tokens, int threads) {
    llama_context * const context = open_llama(*model, kv_cells, sequences, batch_tokens, threads);
    return std::make_shared<Context>(std::move(model), context, kv_cells, sequences, batch_tokens);
}

Context::Context(std::shared_ptr<Model> opened, llama_context * taken, int cells, int count, int batch_tokens)
    : model(std::move(opened)), context(taken), kv_cells(cells), most_rows(batch_tokens),
      slice_rows(::slice_rows(*model, batch_tokens)), cache(taken, count, model->gpu == nullptr), sequences(count),
      lengths(count), sampled(count), rows(static_cast<size_t>(slice_rows) + 1) {
    // llama.cpp clamps silently: read back.
    const auto rows_at_once = std::min(llama_n_batch(taken), llama_n_ubatch(taken));
    if (llama_n_ctx(taken) <= static_cast<uint32_t>(cells) || rows_at_once <= static_cast<uint32_t>(slice_rows)) {
        throw Failure(INVALID_ARGUMENT, "a batch of " + std::to_string(batch_tokens) + " rows needs a larger KV cache");
    }
}

Sequence & Context::at(int sequence) {
    if (sequence < 0 || sequence >= static_cast<int>(sequences.size())) {
        throw Failure(INVALID_ARGUMENT, "no sequence " + std::to_string(sequence));
    }
    return sequences[sequence];
}

void Context::admit(int sequence, Sampling sampling) {
    Sequence & admitted = at(sequence);
    sampling.require_tokens_below(llama_vocab_n_tokens(model->vocab));
    cache.keep(sequence, 0);
    admitted.history.keep(0);
    admitted.admitted = true;
    admitted.sampling = std::move(sampling);
}

void Context::release(int sequence, int length) {
    Sequence & released = at(sequence);
    if (length < 0 || length > cache.length(sequence)) {
        throw Failure(INVALID_ARGUMENT, "sequence " + std::to_string(sequence) + " holds " +
                                            std::to_string(cache.length(sequence)) + " tokens, cannot keep " +
                                            std::to_string(length));
    }
    cache.keep(sequence, length);
    released.history.keep(static_cast<size_t>(length));
}

void Context::step(const Row * from, int count, Sampled * results) {
    if (broken) {
        throw Failure(DECODE_FAILED, "an earlier step failed: open a new context");
    }
    check_rows(from, count);
    broken = true;
    for (int done = 0; done < count; done += slice_rows) {
        results = step_slice(from + done, std::min(slice_rows, count - done), results);
    }
    broken = false;
}

// Everything that llama.cpp would answer by ending the process, or not notice.
void Context::check_rows(const Row * from, int count) {
    if (count > most_rows) {
        throw Failure(INVALID_ARGUMENT, std::to_string(count) + " rows, allowed are " + std::to_string(most_rows));
    }
    for (size_t i = 0; i < sequences.size(); i++) {
        lengths[i] = cache.length(static_cast<int>(i));
        sampled[i] = false;
    }
    const int tokens = llama_vocab_n_tokens(model->vocab);
    for (int i = 0; i < count; i++) {
        const Row & row = from[i];
        if (!at(row.sequence).admitted) {
            throw Failure(INVALID_ARGUMENT, "sequence " + std::to_string(row.sequence) + " was not admitted");
        }
        if (row.token < 0 || row.token >= tokens) {
            throw Failure(INVALID_ARGUMENT, "no token " + std::to_string(row.token));
        }
        if (row.position != lengths[row.sequence] || sampled[row.sequence]) {
            throw Failure(INVALID_ARGUMENT, "position " + std::to_string(row.position) + " of sequence " +
                                                std::to_string(row.sequence) + " does not continue it");
        }
        if (row.index > row.position) {
            throw Failure(INVALID_ARGUMENT, "no prompt before index " + std::to_string(row.index));
        }
        lengths[row.sequence]++;
        sampled[row.sequence] = row.index >= 0;
    }
    if (cache.used_cells() + count > kv_cells) {
        throw Failure(KV_CACHE_FULL, std::to_string(cache.used_cells()) + " of " + std::to_string(kv_cells) +
                                         " cells are used, " + std::to_string(count) + " more are needed");
    }
}

// A matrix times one row takes another kernel, with other rounding, than times several. So that a completion does not
// depend on who else is in the batch, a lone row or output gets company: a row of a sequence of its own, forgotten at
// once.
Sampled * Context::step_slice(const Row * from, int count, Sampled * results) {
    int outputs = 0;
    for (int i = 0; i < count; i++) {
        rows.set(i, from[i]);
        outputs += from[i].index >= 0;
    }
    const bool padded = count == 1 || outputs == 1;
    if (padded) {
        rows.set(count, {static_cast<int32_t>(sequences.size()), 0, 0, outputs > 0 ? 0 : -1});
    }
    cache.make_room(count);
    decode(count + padded, padded);
    for (int i = 0; i < count; i++) {
        cache.append(from[i].sequence);
        sequences[from[i].sequence].history.append(from[i].token);
    }
    for (int i = 0; i < count; i++) {
        if (from[i].index >= 0) {
            *results++ = sample(i, from[i]);
        }
    }
    return results;
}

// The KV cache was found large enough before, so that any failure here is one of the device.
void Context::decode(int count, bool padded) {
    const int32_t code = llama_decode(context.get(), rows.batch(count));
    if (code != 0) {
        throw Failure(DECODE_FAILED, "llama_decode returned " + std::to_string(code));
    }
    if (padded) {
        llama_memory_seq_rm(llama_get_memory(context.get()), static_cast<llama_seq_id>(sequences.size()), -1, -1);
    }
}

Sampled Context::sample(int row, const Row & from) {
    float * const scores = llama_get_logits_ith(context.get(), row);
    if (scores == nullptr) {
        throw Failure(DECODE_FAILED, "no scores for a row");
    }
    Sequence & sequence = sequences[from.sequence];
    return sampler.sample(
        scores, llama_vocab_n_tokens(model->vocab), sequence.sampling, sequence.history, static_cast<uint32_t>(from.index));
}
