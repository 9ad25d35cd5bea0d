// llama.cpp's own sampler chain on a row of scores, for the benchmark to measure beside ours: what llama_sampler_sample
// does after it has asked a context for the row. Bound to llama.cpp as the worker's own library is.
#include <jni.h>
#include <llama.h>

#include <vector>

namespace {

struct Stock {
    llama_sampler * chain;
    std::vector<llama_token_data> candidates;
};

} // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_StockSampler_open(
        JNIEnv *, jclass, jint vocabulary, jfloat temperature, jfloat top_p, jint top_k, jint penalty_tokens, jfloat repetition,
        jfloat frequency, jfloat presence) {
    llama_sampler * const chain = llama_sampler_chain_init(llama_sampler_chain_default_params());
    if (penalty_tokens > 0) {
        llama_sampler_chain_add(
            chain, llama_sampler_init_penalties(vocabulary, penalty_tokens, repetition, frequency, presence));
    }
    if (temperature == 0) {
        llama_sampler_chain_add(chain, llama_sampler_init_greedy());
    } else {
        if (top_k > 0) {
            llama_sampler_chain_add(chain, llama_sampler_init_top_k(top_k));
        }
        if (top_p < 1) {
            llama_sampler_chain_add(chain, llama_sampler_init_top_p(top_p, 1));
        }
        llama_sampler_chain_add(chain, llama_sampler_init_temp(temperature));
        llama_sampler_chain_add(chain, llama_sampler_init_dist(1));
    }
    return reinterpret_cast<jlong>(new Stock{chain, std::vector<llama_token_data>(static_cast<size_t>(vocabulary))});
}

JNIEXPORT void JNICALL Java_dev_millrace_worker_llama_StockSampler_accept(JNIEnv *, jclass, jlong stock, jint token) {
    llama_sampler_accept(reinterpret_cast<Stock *>(stock)->chain, token);
}

JNIEXPORT jint JNICALL Java_dev_millrace_worker_llama_StockSampler_sample(
        JNIEnv * env, jclass, jlong handle, jobject scores) {
    auto & stock = *reinterpret_cast<Stock *>(handle);
    const auto * const row = static_cast<const float *>(env->GetDirectBufferAddress(scores));
    for (size_t i = 0; i < stock.candidates.size(); i++) {
        stock.candidates[i] = {static_cast<llama_token>(i), row[i], 0.0f};
    }
    llama_token_data_array array = {stock.candidates.data(), stock.candidates.size(), -1, false};
    llama_sampler_apply(stock.chain, &array);
    return array.data[array.selected].id;
}

JNIEXPORT void JNICALL Java_dev_millrace_worker_llama_StockSampler_close(JNIEnv *, jclass, jlong handle) {
    auto * const stock = reinterpret_cast<Stock *>(handle);
    llama_sampler_free(stock->chain);
    delete stock;
}

} // extern "C"
