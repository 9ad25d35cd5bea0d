// Which tokens the KV cache of a context holds, and where. Belongs to the context.
#pragma once

#include <llama.h>

#include <cstdint>
#include <vector>

// Attention adds up over the cells of a sequence in the order in which they lie in memory, and floats do not add up to
// the same in another order. llama.cpp fills the first free cell, so what one sequence leaves behind would decide where
// another's next token goes, and with it its last digits. Kept in order, cells that are released stay taken, by a
// sequence that nobody reads, and new tokens go behind all others; when room is needed, what lives is moved together.
class KvCache {
public:
    KvCache(llama_context * context, int sequences, bool in_order);

    int length(int sequence) const { return lengths[sequence]; }
    int used_cells() const { return used; }

    // Keeps the first tokens of a sequence.
    void keep(int sequence, int length);

    // So that as many rows, and a pad row, find a place.
    void make_room(int rows);

    // Notes rows that were decoded.
    void append(int sequence) { lengths[sequence]++, used++; }

private:
    void move_together();
    void restore(int sequence, const std::vector<uint8_t> & state);

    llama_context * const context;
    const llama_memory_t memory;
    const bool in_order;
    const llama_seq_id released; // the sequence that nobody reads
    int used = 0;
    int garbage = 0; // cells of that sequence
    std::vector<int32_t> lengths;
};
