#include "KvCache.h"

#include <algorithm>

#include "errors.h"

namespace {

// Below this, walking over released cells costs less than a move. Above it they wait until there are more of them than of
// the others, so that each is paid for by the move of one.
constexpr int GARBAGE_WORTH_MOVING = 256;

} // namespace

KvCache::KvCache(llama_context * context, int sequences, bool in_order, bool own_cells)
    : context(context), memory(llama_get_memory(context)), own_cells(own_cells), in_order(in_order && !own_cells),
      released(sequences + 1), lengths(sequences + 1), common(lengths.size() * lengths.size()) {}

// Of three sequences that share a beginning, two share no less than the third shares with both. So what one adds to the
// cells of others is all behind the longest beginning that it shares with one of them.
int KvCache::cells_of(const std::vector<int32_t> & sequences) const {
    int cells = 0;
    for (size_t i = 0; i < sequences.size(); i++) {
        int counted = 0;
        for (size_t j = 0; j < i; j++) {
            counted = std::max(counted, shared(sequences[i], sequences[j]));
        }
        cells += lengths[sequences[i]] - counted;
    }
    return cells;
}

void KvCache::keep(int sequence, int length) {
    if (lengths[sequence] == length) {
        return;
    }
    int freed_from = length;
    for (int other = 0; other < static_cast<int>(lengths.size()); other++) {
        freed_from = std::max(freed_from, shared(sequence, other));
        shared(sequence, other) = shared(other, sequence) = std::min(shared(sequence, other), length);
    }
    const int freed = lengths[sequence] - freed_from;
    if (in_order && freed > 0) {
        llama_memory_seq_cp(memory, sequence, released, freed_from, -1);
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

void KvCache::share(int from, int to, int length) {
    if (length == 0) {
        return;
    }
    if (own_cells) {
        restore(save(from), to);
        keep(to, length);
        return;
    }
    llama_memory_seq_cp(memory, from, to, 0, length);
    for (int other = 0; other < static_cast<int>(lengths.size()); other++) {
        shared(to, other) = shared(other, to) = std::min(shared(from, other), length);
    }
    shared(to, to) = 0;
    shared(from, to) = shared(to, from) = length;
    lengths[to] = length;
}

size_t KvCache::saved_bytes(int sequence) const {
    return llama_state_seq_get_size(context, sequence);
}

KvCache::Saved KvCache::save(int sequence) const {
    Saved saved = {lengths[sequence], std::vector<uint8_t>(saved_bytes(sequence))};
    if (llama_state_seq_get_data(context, saved.bytes.data(), saved.bytes.size(), sequence) != saved.bytes.size()) {
        throw Failure(DECODE_FAILED, "sequence " + std::to_string(sequence) + " could not be read from the KV cache");
    }
    return saved;
}

void KvCache::restore(const Saved & saved, int sequence) {
    make_room(saved.length);
    if (llama_state_seq_set_data(context, saved.bytes.data(), saved.bytes.size(), sequence) == 0) {
        throw Failure(DECODE_FAILED, "sequence " + std::to_string(sequence) + " could not be put into the KV cache");
    }
    lengths[sequence] = saved.length;
    used += saved.length;
}

void KvCache::make_room(int rows) {
    if (garbage > 0 && used + garbage + rows > static_cast<int>(llama_n_ctx(context))) {
        move_together();
    }
}

// A state is read back into the first cells, in the order in which it was written, each cell for all that share it.
void KvCache::move_together() {
    garbage = 0;
    if (used == 0) {
        llama_memory_clear(memory, false);
        return;
    }
    llama_memory_seq_rm(memory, released, -1, -1);
    std::vector<uint8_t> state(llama_state_get_size(context));
    const size_t size = llama_state_get_data(context, state.data(), state.size());
    if (size == 0 || llama_state_set_data(context, state.data(), size) == 0) {
        throw Failure(DECODE_FAILED, "the tokens in the KV cache could not be moved together");
    }
}
