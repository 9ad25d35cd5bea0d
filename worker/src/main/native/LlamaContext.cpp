#include "Context.h"
#include "Hardware.h"
#include "jvm.h"

namespace {

constexpr int MOST_SEQUENCES = 254; // llama.cpp's 256, less that of the pad row and that of released cells
constexpr int MOST_THREADS = 512;   // ggml's
constexpr int MOST_BATCH_TOKENS = 1 << 16;
constexpr int MOST_KV_CELLS = 1 << 26;

bool within(int value, int most) {
    return value >= 1 && value <= most;
}

void check_size(const Model & model, const Limits & limits) {
    if (!within(limits.kv_cells, MOST_KV_CELLS) || !within(limits.sequences, MOST_SEQUENCES) ||
        !within(limits.batch_tokens, MOST_BATCH_TOKENS) || !within(limits.threads, MOST_THREADS)) {
        throw Failure(INVALID_ARGUMENT, "context settings out of range");
    }
    // A guard against absurd sizes, which Linux would promise and then answer by killing the process.
    const int64_t needed = kv_bytes_per_token(model) * cells_in_memory(model, limits);
    const int64_t available = memory_of(model.gpu).free;
    if (available > 0 && needed > available) {
        throw Failure(OUT_OF_MEMORY, "the KV cache needs " + std::to_string(needed >> 20) + " MiB, free are " +
                                         std::to_string(available >> 20) + " MiB");
    }
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
        return body(*context);
    });
}

// For what answers nothing.
template <typename Body> jlong change_context(jlong handle, Body && body) {
    return using_context(handle, [&](Context & context) -> jlong {
        body(context);
        return 0;
    });
}

// That of a Batch: rows up to the capacity, then results.
struct BatchMemory {
    BatchMemory(JNIEnv * env, jobject batch, jint capacity, jint used) {
        if (used < 1 || used > capacity) {
            throw Failure(INVALID_ARGUMENT, std::to_string(used) + " rows in a batch of " + std::to_string(capacity));
        }
        const int64_t needed = static_cast<int64_t>(capacity) * (sizeof(Row) + sizeof(Sampled));
        rows = reinterpret_cast<const Row *>(memory<int32_t>(env, batch, needed));
        results = reinterpret_cast<Sampled *>(const_cast<Row *>(rows + capacity));
    }

    const Row * rows;
    Sampled * results;
};

} // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_open(
        JNIEnv *, jclass, jlong handle, jint kv_cells, jint sequences, jint batch_tokens, jint threads,
        jboolean exact, jboolean candidates, jboolean own_cells) {
    return guarded([&]() -> jlong {
        const std::shared_ptr<Model> model = models().find(handle);
        const Limits limits = {kv_cells, sequences, batch_tokens, threads, exact == JNI_TRUE, candidates == JNI_TRUE,
                               own_cells == JNI_TRUE};
        check_size(*model, limits);
        return contexts().add(Context::open(model, limits));
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
        JNIEnv * env, jclass, jlong handle, jint sequence, jobject settings) {
    return change_context(handle, [&](Context & context) { context.admit(sequence, sampling_from(env, settings)); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_release(
        JNIEnv *, jclass, jlong handle, jint sequence, jint length) {
    return change_context(handle, [&](Context & context) { context.release(sequence, length); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_share(
        JNIEnv *, jclass, jlong handle, jint from, jint to, jint length) {
    return change_context(handle, [&](Context & context) { context.share(from, to, length); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_cellsOf(
        JNIEnv * env, jclass, jlong handle, jintArray sequences) {
    return using_context(handle, [&](Context & context) -> jlong { return context.cells_of(ints(env, sequences)); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_savedBytes(JNIEnv *, jclass, jlong handle, jint sequence) {
    return using_context(handle, [&](Context & context) { return static_cast<jlong>(context.saved_bytes(sequence)); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_save(JNIEnv *, jclass, jlong handle, jint sequence) {
    return using_context(handle, [&](Context & context) -> jlong { return context.save(sequence); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_restore(
        JNIEnv *, jclass, jlong handle, jlong saved, jint sequence) {
    return change_context(handle, [&](Context & context) { context.restore(saved, sequence); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_forget(JNIEnv *, jclass, jlong handle, jlong saved) {
    return change_context(handle, [&](Context & context) { context.forget(saved); });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_step(
        JNIEnv * env, jclass, jlong handle, jobject batch, jint capacity, jint rows, jint adapter) {
    return change_context(handle, [&](Context & context) {
        const BatchMemory memory(env, batch, capacity, rows);
        context.step(memory.rows, rows, memory.results, adapter);
    });
}

// 1: there is a result more than was asked for.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaContext_stepGuessing(
        JNIEnv * env, jclass, jlong handle, jobject batch, jint capacity, jint rows, jint adapter) {
    return using_context(handle, [&](Context & context) -> jlong {
        const BatchMemory memory(env, batch, capacity, rows);
        return context.step_guessing(memory.rows, rows, memory.results, adapter) ? 1 : 0;
    });
}

} // extern "C"
