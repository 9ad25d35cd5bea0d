#include "KvCache.h"

#include "errors.h"

namespace {

// Below this, walking over released cells costs less than moving the others.
constexpr int GARBAGE_WORTH_MOVING = 2048;

} // namespace

KvCache::KvCache(llama_context * context, int sequences, bool in_order)
    : context(context), memory(llama_get_memory(context)), in_order(in_order), released(sequences + 1), lengths(sequences) {}

void KvCache::keep(int sequence, int length) {
    const int freed = lengths[sequence] - length;
    if (freed == 0) {
        return;
    }
    if (in_order) {
        llama_memory_seq_cp(memory, sequence, released, length, -1);
        garbage += freed;
    }
    if (!llama_memory_seq_rm(memory, sequence, length, -1)) {
        throw Failure(INTERNAL, "the KV cache would not give up tokens");
    }
    lengths[sequence] = length;
    used -= freed;
    if (garbage > 0 && (used == 0 || (garbage > GARBAGE_WORTH_MOVING && garbage > used))) {
        move_together();
    }
}

void KvCache::make_room(int rows) {
    if (garbage > 0 && used + garbage + rows + 1 > static_cast<int>(llama_n_ctx(context))) {
        move_together();
    }
}

void KvCache::move_together() {
    std::vector<std::vector<uint8_t>> states(lengths.size());
    for (size_t i = 0; i < lengths.size(); i++) {
        const auto sequence = static_cast<llama_seq_id>(i);
        if (lengths[i] > 0) {
            states[i].resize(llama_state_seq_get_size(context, sequence));
            states[i].resize(llama_state_seq_get_data(context, states[i].data(), states[i].size(), sequence));
        }
    }
    llama_memory_clear(memory, false);
    garbage = 0;
    for (size_t i = 0; i < lengths.size(); i++) {
        if (lengths[i] > 0) {
            restore(static_cast<int>(i), states[i]);
        }
    }
}

void KvCache::restore(int sequence, const std::vector<uint8_t> & state) {
    if (state.empty() || llama_state_seq_set_data(context, state.data(), state.size(), sequence) == 0) {
        throw Failure(DECODE_FAILED, "sequence " + std::to_string(sequence) + " could not be moved in the KV cache");
    }
}
