// Which tokens the KV cache of a context holds, and where. Belongs to the context.
#pragma once

#include <llama.h>

#include <cstdint>
#include <vector>

// Attention adds up over the cells of a sequence in the order in which they lie in memory, and floats do not add up to
// the same in another order. llama.cpp fills the first free cell, so what one sequence leaves behind would decide where
// another's next token goes, and with it its last digits. Kept in order, cells that are released stay taken, by a
// sequence that nobody reads, and new tokens go behind all others; when room is needed, what lives is moved together.
//
// A sequence with cells of its own fills them from the first one on, and is in order anyhow. It shares none.
class KvCache {
public:
    // The cells of one sequence, in host memory.
    struct Saved {
        int length = 0;
        std::vector<uint8_t> bytes;
    };

    // Cells to have beyond those that may be used: the more, the more rarely all is moved.
    static int spare_cells(int kv_cells, bool in_order) { return in_order ? kv_cells / 8 : 0; }

    KvCache(llama_context * context, int sequences, bool in_order, bool own_cells);

    // Also of the sequence behind the last, which pad rows have; it holds nothing.
    int length(int sequence) const { return lengths[sequence]; }
    int used_cells() const { return used; }

    // Cells that these sequences, all different, hold together.
    int cells_of(const std::vector<int32_t> & sequences) const;

    // Keeps the first tokens of a sequence.
    void keep(int sequence, int length);

    // An empty sequence gets the first tokens of another: in the same cells, or a copy in cells of its own.
    void share(int from, int to, int length);

    size_t saved_bytes(int sequence) const;
    Saved save(int sequence) const;

    // Into an empty sequence, for which there is room.
    void restore(const Saved & saved, int sequence);

    // So that as many rows, pad rows among them, find a place.
    void make_room(int rows);

    // Notes rows that were decoded.
    void append(int sequence) { lengths[sequence]++, used++; }

private:
    int32_t & shared(int a, int b) { return common[a * lengths.size() + b]; }
    int32_t shared(int a, int b) const { return common[a * lengths.size() + b]; }
    void move_together();

    llama_context * const context;
    const llama_memory_t memory;
    const bool own_cells;
    const bool in_order; // whether that takes care
    const llama_seq_id released; // the sequence that nobody reads
    int used = 0;
    int garbage = 0; // cells of that sequence
    std::vector<int32_t> lengths;
    std::vector<int32_t> common; // of each pair of sequences: the first tokens that lie in the same cells
};
