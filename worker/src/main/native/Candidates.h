// Has the device sort out the best blocks of each row of scores, so that the rest of the row stays there unless it turns
// out to be needed. For this it adds to llama.cpp's graph what its samplers on the device may add; it samples nothing there.
// Must outlive the context. One thread at a time.
#pragma once

#include <llama.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "Handed.h"
#include "model.h"

class Candidates {
public:
    // Whether a row of this length can be cut into blocks, and into enough of them.
    static bool possible(int32_t vocabulary);

    Candidates(const Model & model, int sequences);

    // A sampler for every sequence: where one has none, llama.cpp copies the rows of all.
    void attach(llama_context_params & params);

    // Reads what the last llama_decode has computed for so many rows, the first ones with an output.
    void read(llama_context * context, int rows);

    Handed row(int row) const;

    // All scores of a row. Good until the next call.
    float * fetch(int row);

private:
    struct FreeBuffer {
        void operator()(ggml_backend_buffer * buffer) const { ggml_backend_buffer_free(buffer); }
    };
    struct FreeSampler {
        void operator()(llama_sampler * sampler) const { llama_sampler_free(sampler); }
    };

    static bool on_init(llama_sampler * sampler, ggml_backend_buffer_type_t, uint32_t);
    static void on_reset(llama_sampler * sampler);
    static void on_apply(llama_sampler * sampler, ggml_context * context, ggml_cgraph * graph, llama_sampler_data * data);
    void build(ggml_context * context, ggml_cgraph * graph, ggml_tensor * rows);

    llama_sampler_i interface = {};
    std::vector<std::unique_ptr<llama_sampler, FreeSampler>> chains;
    std::vector<llama_sampler_seq_config> configs;
    const int32_t vocabulary;
    const int32_t blocks;
    const int32_t numbered;

    // Of the graph that was built last, which is the one that was computed last: llama.cpp keeps no other.
    bool built = false;
    ggml_tensor * scores = nullptr;
    ggml_tensor * bests = nullptr;
    ggml_tensor * shares = nullptr;
    ggml_tensor * order = nullptr;
    ggml_tensor * best_blocks = nullptr;

    std::unique_ptr<ggml_backend_buffer, FreeBuffer> memory; // where the device can write
    float * bests_read;
    float * shares_read;
    int32_t * numbers_read;
    float * blocks_read;
    std::vector<float> whole;
};
