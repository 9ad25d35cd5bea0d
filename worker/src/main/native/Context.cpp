#include "Context.h"

#include <algorithm>

namespace {

// On a CPU, attention over 64 rows and more takes another kernel, with other rounding. So a step goes to llama.cpp in
// slices that stay below with their pad row. Then the length of a prompt's chunks leaves no trace either.
constexpr int CPU_SLICE_ROWS = 62;

// In which llama.cpp counts the cells of one sequence.
constexpr int CELL_BLOCK = 256;

bool exact_on_cpu(const Model & model, const Limits & limits) {
    return limits.exact && model.gpu == nullptr;
}

// The rows that llama.cpp sees at once, without the pad row.
int slice_rows(const Model & model, const Limits & limits) {
    return exact_on_cpu(model, limits) ? std::min(limits.batch_tokens, CPU_SLICE_ROWS) : limits.batch_tokens;
}

// One more is for pad rows, and in a pool another for released cells.
int sequences_in_memory(const Limits & limits) {
    return limits.sequences + (limits.own_cells ? 1 : 2);
}

llama_context * open_llama(const Model & model, const Limits & limits, Candidates * candidates) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(cells_in_memory(model, limits));
    params.n_batch = params.n_ubatch = static_cast<uint32_t>(slice_rows(model, limits)) + 1;
    params.n_seq_max = params.n_outputs_max = static_cast<uint32_t>(sequences_in_memory(limits));
    params.n_outputs_max_per_seq = 1;
    params.n_threads = params.n_threads_batch = limits.threads;
    params.kv_unified = !limits.own_cells;
    params.type_k = params.type_v = GGML_TYPE_F16;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_AUTO; // on, unless the device has none for the model's heads
    params.op_offload = model.gpu != nullptr;
    params.no_perf = true;
    if (candidates != nullptr) {
        candidates->attach(params);
    }
    llama_context * const context = llama_init_from_model(model.model, params);
    if (context == nullptr) {
        throw Failure(OUT_OF_MEMORY, "cannot open a context");
    }
    return context;
}

} // namespace

// One more is the pad row's.
int cells_in_memory(const Model & model, const Limits & limits) {
    if (limits.own_cells) {
        return (limits.cells_each() / CELL_BLOCK + 1) * CELL_BLOCK * sequences_in_memory(limits);
    }
    return limits.kv_cells + 1 + KvCache::spare_cells(limits.kv_cells, exact_on_cpu(model, limits));
}

std::shared_ptr<Context> Context::open(std::shared_ptr<Model> model, const Limits & limits) {
    std::unique_ptr<Candidates> candidates;
    if (limits.candidates && Candidates::possible(llama_vocab_n_tokens(model->vocab))) {
        candidates = std::make_unique<Candidates>(*model, sequences_in_memory(limits));
    }
    llama_context * const context = open_llama(*model, limits, candidates.get());
    return std::make_shared<Context>(std::move(model), std::move(candidates), context, limits);
}

Context::Context(
        std::shared_ptr<Model> opened, std::unique_ptr<Candidates> candidates, llama_context * taken,
        const Limits & limits)
    : model(std::move(opened)), candidates(std::move(candidates)),
      guesses(exact_on_cpu(*model, limits) && !this->candidates ? std::make_unique<Guesses>() : nullptr), context(taken),
      limits(limits),
      cache(taken, limits.sequences, exact_on_cpu(*model, limits), limits.own_cells),
      slices({limits.sequences, slice_rows(*model, limits), exact_on_cpu(*model, limits), limits.own_cells}),
      sequences(limits.sequences), lengths(limits.sequences), sampled(limits.sequences), places(limits.batch_tokens),
      rows(llama_n_batch(taken)) {
    // llama.cpp clamps silently: read back.
    const auto rows_at_once = std::min(llama_n_batch(taken), llama_n_ubatch(taken));
    if (llama_n_ctx(taken) <= static_cast<uint32_t>(limits.kv_cells) || rows_at_once <= static_cast<uint32_t>(slice_rows(*model, limits))) {
        throw Failure(
            INVALID_ARGUMENT, "a batch of " + std::to_string(limits.batch_tokens) + " rows needs a larger KV cache");
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
    admitted.grammar = nullptr;
    if (admitted.sampling.grammar) {
        admitted.grammar = std::make_unique<GrammarMatcher>(admitted.sampling.grammar, model->pieces);
    }
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

void Context::share(int from, int to, int length) {
    at(from);
    at(to);
    if (from == to || cache.length(to) > 0 || length < 0 || length > cache.length(from)) {
        throw Failure(INVALID_ARGUMENT, "sequence " + std::to_string(to) + " cannot begin with " + std::to_string(length) +
                                            " tokens of sequence " + std::to_string(from));
    }
    cache.share(from, to, length);
    sequences[to].history.begin_like(sequences[from].history, static_cast<size_t>(length));
}

int Context::cells_of(const std::vector<int32_t> & asked) {
    std::vector<bool> seen(sequences.size());
    for (const int32_t sequence : asked) {
        at(sequence);
        if (seen[sequence]) {
            throw Failure(INVALID_ARGUMENT, "sequence " + std::to_string(sequence) + " was named twice");
        }
        seen[sequence] = true;
    }
    return cache.cells_of(asked);
}

size_t Context::saved_bytes(int sequence) {
    at(sequence);
    return cache.saved_bytes(sequence);
}

int64_t Context::save(int sequence) {
    at(sequence);
    check_not_broken();
    if (cache.length(sequence) == 0) {
        throw Failure(INVALID_ARGUMENT, "sequence " + std::to_string(sequence) + " is empty");
    }
    Saved & added = saved[last_saved + 1];
    try {
        added.cells = cache.save(sequence);
        added.history.begin_like(sequences[sequence].history, static_cast<size_t>(cache.length(sequence)));
    } catch (...) {
        saved.erase(last_saved + 1);
        throw;
    }
    return ++last_saved;
}

const Context::Saved & Context::saved_at(int64_t id) const {
    const auto found = saved.find(id);
    if (found == saved.end()) {
        throw Failure(INVALID_ARGUMENT, "nothing is saved under " + std::to_string(id));
    }
    return found->second;
}

void Context::restore(int64_t id, int sequence) {
    const Saved & from = saved_at(id);
    at(sequence);
    check_not_broken();
    if (cache.length(sequence) > 0) {
        throw Failure(INVALID_ARGUMENT, "sequence " + std::to_string(sequence) + " is not empty");
    }
    check_room(from.cells.length);
    broken = true;
    cache.restore(from.cells, sequence);
    sequences[sequence].history.begin_like(from.history, from.history.length());
    broken = false;
}

void Context::forget(int64_t id) {
    saved_at(id);
    saved.erase(id);
}

void Context::check_not_broken() const {
    if (broken) {
        throw Failure(DECODE_FAILED, "an earlier call failed: open a new context");
    }
}

void Context::check_room(int cells) const {
    if (cache.used_cells() + cells > limits.kv_cells) {
        throw Failure(KV_CACHE_FULL, std::to_string(cache.used_cells()) + " of " + std::to_string(limits.kv_cells) +
                                         " cells are used, " + std::to_string(cells) + " more are needed");
    }
}

void Context::step(const Row * from, int count, Sampled * results, int adapter) {
    begin_step(from, count, adapter);
    for (int i = 0, outputs = 0; i < count; i++) {
        places[i] = outputs;
        outputs += from[i].index >= 0;
    }
    for (const Slice & slice : slices.of(from, count)) {
        step_slice(from, slice, results);
    }
    broken = false;
}

bool Context::step_guessing(const Row * from, int count, Sampled * results, int adapter) {
    const int32_t guess = count == 1 ? guess_after(*from) : -1;
    if (guess < 0) {
        step(from, count, results, adapter);
        return false;
    }
    begin_step(from, count, adapter);
    const bool right = step_with(guess, *from, results);
    broken = false;
    return right;
}

void Context::begin_step(const Row * from, int count, int adapter) {
    check_not_broken();
    check_rows(from, count);
    use(adapter);
    broken = true;
}

// llama.cpp plans its graphs anew after a change, and does nothing where there is none.
void Context::use(int adapter) {
    if (adapter < 0 || adapter > static_cast<int>(model->adapters.size())) {
        throw Failure(INVALID_ARGUMENT, "no adapter " + std::to_string(adapter));
    }
    llama_adapter_lora * used = adapter == 0 ? nullptr : model->adapters[adapter - 1];
    float scale = 1;
    llama_set_adapters_lora(context.get(), &used, adapter == 0 ? 0 : 1, &scale);
}

// Everything that llama.cpp would answer by ending the process, or not notice.
void Context::check_rows(const Row * from, int count) {
    if (count > limits.batch_tokens) {
        throw Failure(
            INVALID_ARGUMENT, std::to_string(count) + " rows, allowed are " + std::to_string(limits.batch_tokens));
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
        if (++lengths[row.sequence] > limits.cells_each()) {
            throw Failure(KV_CACHE_FULL, "sequence " + std::to_string(row.sequence) + " has " +
                                             std::to_string(limits.cells_each()) + " cells");
        }
        sampled[row.sequence] = row.index >= 0;
    }
    check_room(count);
}

void Context::step_slice(const Row * from, const Slice & slice, Sampled * results) {
    for (size_t i = 0; i < slice.size(); i++) {
        const SliceRow & row = slice[i];
        const Row pad = {row.sequence, 0, cache.length(row.sequence), -1};
        rows.set(i, row.row == SliceRow::PAD ? pad : from[row.row], row.output);
    }
    cache.make_room(static_cast<int>(slice.size()));
    decode(slice);
    for (const SliceRow & row : slice) {
        if (row.row != SliceRow::PAD) {
            take(from[row.row]);
        }
    }
    const auto outputs = std::count_if(slice.begin(), slice.end(), [](const SliceRow & row) { return row.output; });
    if (candidates && outputs > 0) {
        candidates->read(context.get(), static_cast<int>(outputs));
    }
    int output = 0;
    for (size_t i = 0; i < slice.size(); i++) {
        const int row = slice[i].row;
        if (row != SliceRow::PAD && from[row].index >= 0) {
            results[places[row]] = sample(static_cast<int>(i), output, from[row]);
        }
        output += slice[i].output;
    }
}

// -1: none. An end is not guessed: nothing comes after it.
int32_t Context::guess_after(const Row & row) const {
    const bool known = row.sequence >= 0 && row.sequence < static_cast<int>(sequences.size());
    if (!guesses || !known || row.index < 0 || cache.used_cells() + 2 > limits.kv_cells ||
        row.position + 2 > limits.cells_each()) {
        return -1;
    }
    const int32_t guess = guesses->after(sequences[row.sequence].history, row.token);
    return guess >= 0 && llama_vocab_is_eog(model->vocab, guess) ? -1 : guess;
}

bool Context::step_with(int32_t guess, const Row & row, Sampled * results) {
    const Row next = {row.sequence, guess, row.position + 1, row.index + 1};
    rows.set(0, row, true);
    rows.set(1, next, true);
    cache.make_room(2);
    decode({{0, row.sequence, true}, {1, row.sequence, true}});
    take(row);
    results[0] = sample(0, 0, row);
    if (results[0].token != guess) {
        llama_memory_seq_rm(llama_get_memory(context.get()), row.sequence, next.position, -1);
        return false;
    }
    take(next);
    results[1] = sample(1, 1, next);
    return true;
}

// Its sequence holds it now.
void Context::take(const Row & row) {
    History & history = sequences[row.sequence].history;
    if (guesses) {
        guesses->learn(history, row.token);
    }
    cache.append(row.sequence);
    history.append(row.token);
}

// The KV cache was found large enough before, so that any failure here is one of the device. A sequence has one pad row
// at most.
void Context::decode(const Slice & slice) {
    const int32_t code = llama_decode(context.get(), rows.batch(static_cast<int32_t>(slice.size())));
    if (code != 0) {
        throw Failure(DECODE_FAILED, "llama_decode returned " + std::to_string(code));
    }
    for (const SliceRow & row : slice) {
        if (row.row == SliceRow::PAD) {
            llama_memory_seq_rm(llama_get_memory(context.get()), row.sequence, cache.length(row.sequence), -1);
        }
    }
}

Sampled Context::sample(int row, int output, const Row & from) {
    Sequence & sequence = sequences[from.sequence];
    const int32_t tokens = llama_vocab_n_tokens(model->vocab);
    const auto index = static_cast<uint32_t>(from.index);
    if (candidates && sequence.grammar == nullptr) {
        const std::optional<Sampled> sampled = sampler.sample(
            candidates->row(output), tokens, sequence.sampling, sequence.history, model->pieces.get(), index);
        if (sampled) {
            return *sampled;
        }
    }
    float * const scores = candidates ? candidates->fetch(output) : llama_get_logits_ith(context.get(), row);
    if (scores == nullptr) {
        throw Failure(DECODE_FAILED, "no scores for a row");
    }
    Sampled sampled = sampler.sample(
        scores, tokens, sequence.sampling, sequence.history, sequence.grammar.get(), model->pieces.get(), index);
    sampled.flags |= candidates ? FETCHED : 0;
    return sampled;
}
