#include <algorithm>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "KvCache.h"
#include "Sampler.h"
#include "jvm.h"
#include "library.h"
#include "model.h"

namespace {

constexpr int MOST_SEQUENCES = 254; // llama.cpp's 256, less that of the pad row and that of released cells
constexpr int MOST_THREADS = 512;   // ggml's
constexpr int MOST_BATCH_TOKENS = 1 << 16;
constexpr int MOST_KV_CELLS = 1 << 26;

// On a CPU, attention over 64 rows and more takes another kernel, with other rounding. So a step goes to llama.cpp in
// slices that stay below with their pad row. Then the length of a prompt's chunks leaves no trace either.
constexpr int CPU_SLICE_ROWS = 62;

// As in Batch.java.
struct Row {
    int32_t sequence;
    int32_t token;
    int32_t position;
    int32_t index;
};

struct Result {
    int32_t token;
    float logprob;
};

struct Sequence {
    bool admitted = false;
    Sampling sampling;
};

// The rows as llama.cpp wants them, kept from step to step.
struct Rows {
    explicit Rows(size_t most) : token(most), position(most), sequence(most), sequences(most), count(most, 1), output(most) {
        for (size_t i = 0; i < most; i++) {
            sequences[i] = &sequence[i];
        }
    }

    void set(size_t i, const Row & row) {
        token[i] = row.token;
        position[i] = row.position;
        sequence[i] = row.sequence;
        output[i] = row.index >= 0;
    }

    llama_batch batch(int32_t rows) {
        return {rows, token.data(), nullptr, position.data(), count.data(), sequences.data(), output.data()};
    }

    std::vector<llama_token> token;
    std::vector<llama_pos> position;
    std::vector<llama_seq_id> sequence;
    std::vector<llama_seq_id *> sequences;
    std::vector<int32_t> count;
    std::vector<int8_t> output;
};

struct FreeContext {
    void operator()(llama_context * context) const { llama_free(context); }
};

class Context {
public:
    Context(std::shared_ptr<Model> model, llama_context * context, int kv_cells, int sequences, int batch_tokens);

    void admit(int sequence, const Sampling & sampling);
    void release(int sequence, int length);
    void step(const Row * rows, int count, Result * results);

    int batch_tokens() const { return most_rows; }

    std::mutex in_use;

private:
    Sequence & at(int sequence);
    void check_rows(const Row * rows, int count);
    Result * step_slice(const Row * rows, int count, Result * results);
    void decode(int rows, bool padded);
    Result sample(int row, const Row & from);

    const std::shared_ptr<Model> model;
    const std::unique_ptr<llama_context, FreeContext> context;
    const int kv_cells;
    const int most_rows;
    const int slice_rows;
    bool broken = false; // a step has begun and did not come to its end
    KvCache cache;
    std::vector<Sequence> sequences;
    std::vector<int32_t> lengths; // scratch: those after the rows that were checked
    std::vector<bool> sampled;    // scratch: the sequences with an output in the step
    Rows rows;
    Sampler sampler;
};

// What the host could give; 0 if it does not say. A first guard against absurd sizes, which Linux would promise and
// then answer by killing the process.
int64_t host_memory() {
    std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen("/proc/meminfo", "r"), std::fclose);
    char line[128];
    long long kilobytes = 0;
    while (file && std::fgets(line, sizeof line, file.get())) {
        if (std::sscanf(line, "MemAvailable: %lld", &kilobytes) == 1) {
            return kilobytes * 1024;
        }
    }
    return 0;
}

int64_t free_memory(const Model & model) {
    if (model.gpu == nullptr) {
        return host_memory();
    }
    size_t free = 0;
    size_t total = 0;
    ggml_backend_dev_memory(model.gpu, &free, &total);
    return static_cast<int64_t>(free);
}

void check_size(const Model & model, int kv_cells, int sequences, int batch_tokens, int threads) {
    if (kv_cells < 1 || kv_cells > MOST_KV_CELLS || sequences < 1 || sequences > MOST_SEQUENCES || batch_tokens < 1 ||
        batch_tokens > MOST_BATCH_TOKENS || threads < 1 || threads > MOST_THREADS) {
        throw Failure(INVALID_ARGUMENT, "context settings out of range");
    }
    const int64_t needed = kv_bytes_per_token(model) * kv_cells;
    const int64_t available = free_memory(model);
    if (available > 0 && needed > available) {
        throw Failure(OUT_OF_MEMORY, "the KV cache needs " + std::to_string(needed >> 20) + " MiB, free are " +
                                         std::to_string(available >> 20) + " MiB");
    }
}

// The rows that llama.cpp sees at once, without the pad row.
int slice_rows(const Model & model, int batch_tokens) {
    return model.gpu == nullptr ? std::min(batch_tokens, CPU_SLICE_ROWS) : batch_tokens;
}

llama_context * open(const Model & model, int kv_cells, int sequences, int batch_tokens, int threads) {
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

void Context::admit(int sequence, const Sampling & sampling) {
    Sequence & admitted = at(sequence);
    check(sampling);
    cache.keep(sequence, 0);
    admitted = {true, sampling};
}

void Context::release(int sequence, int length) {
    at(sequence);
    if (length < 0 || length > cache.length(sequence)) {
        throw Failure(INVALID_ARGUMENT, "sequence " + std::to_string(sequence) + " holds " +
                                            std::to_string(cache.length(sequence)) + " tokens, cannot keep " +
                                            std::to_string(length));
    }
    cache.keep(sequence, length);
}

void Context::step(const Row * from, int count, Result * results) {
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
Result * Context::step_slice(const Row * from, int count, Result * results) {
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

Result Context::sample(int row, const Row & from) {
    const float * scores = llama_get_logits_ith(context.get(), row);
    if (scores == nullptr) {
        throw Failure(DECODE_FAILED, "no scores for a row");
    }
    const Sampled chosen = sampler.sample(
        scores, llama_vocab_n_tokens(model->vocab), sequences[from.sequence].sampling, static_cast<uint32_t>(from.index));
    return {chosen.token, chosen.logprob};
}

Registry<Context> & contexts() {
    static Registry<Context> registry;
    return registry;
}

// Runs on a context that no other thread is in.
template <typename Body> jlong using_context(jlong handle, Body && body) {
    return guarded([&]() -> jlong {
        const std::shared_ptr<Context> context = contexts().find(handle);
        const std::unique_lock<std::mutex> lock(context->in_use, std::try_to_lock);
        if (!lock.owns_lock()) {
            throw Failure(CLOSED, "another thread is using the context");
        }
        body(*context);
        return 0;
    });
}

} // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_open(
        JNIEnv *, jclass, jlong handle, jint kv_cells, jint sequences, jint batch_tokens, jint threads) {
    return guarded([&]() -> jlong {
        const std::shared_ptr<Model> model = models().find(handle);
        check_size(*model, kv_cells, sequences, batch_tokens, threads);
        llama_context * const context = open(*model, kv_cells, sequences, batch_tokens, threads);
        return contexts().add(std::make_shared<Context>(model, context, kv_cells, sequences, batch_tokens));
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_close(JNIEnv *, jclass, jlong handle) {
    return guarded([&]() -> jlong {
        contexts().remove(handle);
        return 0;
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_readBatchTokens(JNIEnv *, jclass, jlong handle) {
    return guarded([&]() -> jlong { return contexts().find(handle)->batch_tokens(); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_admit(
        JNIEnv *, jclass, jlong handle, jint sequence, jfloat temperature, jfloat top_p, jint top_k, jlong seed) {
    return using_context(handle, [&](Context & context) {
        context.admit(sequence, {temperature, top_p, top_k, static_cast<uint64_t>(seed)});
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_release(
        JNIEnv *, jclass, jlong handle, jint sequence, jint length) {
    return using_context(handle, [&](Context & context) { context.release(sequence, length); });
}

// The memory is that of a Batch: rows up to the capacity, then results.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_step(
        JNIEnv * env, jclass, jlong handle, jobject batch, jint capacity, jint rows) {
    return using_context(handle, [&](Context & context) {
        if (rows < 1 || rows > capacity) {
            throw Failure(INVALID_ARGUMENT, std::to_string(rows) + " rows in a batch of " + std::to_string(capacity));
        }
        const int64_t needed = static_cast<int64_t>(capacity) * (sizeof(Row) + sizeof(Result));
        const Row * const from = reinterpret_cast<Row *>(memory<int32_t>(env, batch, needed));
        context.step(from, rows, reinterpret_cast<Result *>(const_cast<Row *>(from + capacity)));
    });
}

} // extern "C"
