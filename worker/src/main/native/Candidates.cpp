#include "Candidates.h"

#include <algorithm>

#include "blocks.h"
#include "errors.h"

namespace {

// More than twice as many as Qwen's top_k, so that penalties and masks may take some away.
constexpr int32_t MOST_BLOCKS = 64;
constexpr int32_t LEAST_PARTS = 8; // of the blocks of a small vocabulary, so that most stay on the device there too

const char * name(const llama_sampler *) {
    return "candidates";
}

void apply_nowhere(llama_sampler *, llama_token_data_array *) {}

} // namespace

bool Candidates::possible(int32_t vocabulary) {
    return vocabulary % BLOCK == 0 && vocabulary / BLOCK >= LEAST_PARTS;
}

Candidates::Candidates(const Model & model, int sequences)
    : vocabulary(llama_vocab_n_tokens(model.vocab)), blocks(vocabulary / BLOCK),
      numbered(std::min(MOST_BLOCKS, blocks / LEAST_PARTS)), whole(static_cast<size_t>(vocabulary)) {
    interface.name = name;
    interface.apply = apply_nowhere;
    interface.backend_init = on_init;
    interface.backend_reset = on_reset;
    interface.backend_apply = on_apply;
    for (int sequence = 0; sequence < sequences; sequence++) {
        llama_sampler * const chain = llama_sampler_chain_init(llama_sampler_chain_default_params());
        chains.emplace_back(chain);
        llama_sampler_chain_add(chain, llama_sampler_init(&interface, this));
        configs.push_back({sequence, chain});
    }
    const auto rows = static_cast<size_t>(sequences);
    const size_t row_floats = 2 * static_cast<size_t>(blocks) + (1 + BLOCK) * static_cast<size_t>(numbered);
    ggml_backend_buffer_type_t type = model.gpu == nullptr ? nullptr : ggml_backend_dev_host_buffer_type(model.gpu);
    memory.reset(ggml_backend_buft_alloc_buffer(
        type == nullptr ? ggml_backend_cpu_buffer_type() : type, rows * row_floats * sizeof(float)));
    if (!memory) {
        throw Failure(OUT_OF_MEMORY, "no memory for candidates");
    }
    bests_read = static_cast<float *>(ggml_backend_buffer_get_base(memory.get()));
    shares_read = bests_read + rows * static_cast<size_t>(blocks);
    blocks_read = shares_read + rows * static_cast<size_t>(blocks);
    numbers_read = reinterpret_cast<int32_t *>(blocks_read + rows * static_cast<size_t>(numbered) * BLOCK);
}

void Candidates::attach(llama_context_params & params) {
    params.samplers = configs.data();
    params.n_samplers = configs.size();
}

bool Candidates::on_init(llama_sampler *, ggml_backend_buffer_type_t, uint32_t) {
    return true;
}

void Candidates::on_reset(llama_sampler * sampler) {
    static_cast<Candidates *>(sampler->ctx)->built = false;
}

// All rows at once, when the first sampler is applied. With nothing in the data llama.cpp copies nothing.
void Candidates::on_apply(
        llama_sampler * sampler, ggml_context * context, ggml_cgraph * graph, llama_sampler_data * data) {
    auto & candidates = *static_cast<Candidates *>(sampler->ctx);
    if (!candidates.built) {
        candidates.built = true;
        candidates.build(context, graph, data->logits->view_src != nullptr ? data->logits->view_src : data->logits);
    }
    *data = {};
}

void Candidates::build(ggml_context * context, ggml_cgraph * graph, ggml_tensor * rows) {
    const int64_t width = rows->ne[0];
    const int64_t blocks_of_row = width / BLOCK;
    const int64_t count = rows->ne[1];
    scores = rows;
    bests = ggml_pool_2d(context, rows, GGML_OP_POOL_MAX, BLOCK, 1, BLOCK, 1, 0, 0);
    // One sort for all rows: on CUDA, ggml_top_k takes row after row.
    order = ggml_argsort(context, bests, GGML_SORT_ORDER_DESC);
    ggml_tensor * const first = ggml_view_2d(context, order, numbered, count, order->nb[1], 0);
    best_blocks = ggml_get_rows(context, ggml_reshape_3d(context, rows, BLOCK, blocks_of_row, count), first);
    ggml_tensor * const softmax = ggml_soft_max(context, rows);
    shares = ggml_sum_rows(context, ggml_reshape_3d(context, softmax, BLOCK, blocks_of_row, count));
    for (ggml_tensor * const tensor : {scores, bests, order, best_blocks, shares}) {
        ggml_set_output(tensor);
        ggml_build_forward_expand(graph, tensor);
    }
}

void Candidates::read(llama_context * context, int rows) {
    llama_synchronize(context);
    const auto count = static_cast<size_t>(rows);
    const size_t by_block = count * static_cast<size_t>(blocks) * sizeof(float);
    const size_t of_numbers = static_cast<size_t>(numbered) * sizeof(int32_t);
    ggml_backend_tensor_get(bests, bests_read, 0, by_block);
    ggml_backend_tensor_get(shares, shares_read, 0, by_block);
    ggml_backend_tensor_get(best_blocks, blocks_read, 0, count * of_numbers * BLOCK);
    ggml_backend_tensor_get_2d(order, numbers_read, 0, of_numbers, count, order->nb[1], of_numbers);
}

Handed Candidates::row(int row) const {
    const int64_t i = row;
    return {bests_read + i * blocks, shares_read + i * blocks, numbers_read + i * numbered,
            blocks_read + i * numbered * BLOCK, numbered};
}

float * Candidates::fetch(int row) {
    const size_t bytes = whole.size() * sizeof(float);
    ggml_backend_tensor_get(scores, whole.data(), static_cast<size_t>(row) * bytes, bytes);
    return whole.data();
}
