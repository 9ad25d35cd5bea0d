// How the rows of a step are parted into what llama.cpp computes at once.
#pragma once

#include <cstdint>
#include <vector>

#include "Row.h"

struct SliceRow {
    static constexpr int PAD = -1;

    int row;          // its place in the step; PAD: one that is thrown away
    int32_t sequence; // that it belongs to
    bool output;      // whether its scores are computed
};

using Slice = std::vector<SliceRow>;

struct SliceLimits {
    int sequences;  // that rows may name; a pad row may have the next id too
    int rows;       // of a slice, pad rows aside
    bool exact;     // whether no row may be alone
    bool own_cells; // whether each sequence has cells of its own
};

// A matrix times one row takes another kernel, with other rounding, than times several. So that a completion does not
// depend on who else is in the batch, a lone row or output gets company that is thrown away at once.
//
// Where sequences share one pool of cells, any rows can be computed together. They are parted evenly, since a slice of
// two rows would read all weights for them. Where each has cells of its own, llama.cpp takes sequences with consecutive
// ids together, and equally many rows of each. So a slice is a run of sequences, small gaps in it filled with pad rows;
// what one has more to compute than its neighbours goes into another slice.
class Slices {
public:
    explicit Slices(const SliceLimits & limits) : limits(limits), pending(limits.sequences) {}

    // The rows of a sequence stand in their order.
    std::vector<Slice> of(const Row * rows, int count);

private:
    std::vector<Slice> even(const Row * rows, int count) const;
    std::vector<Slice> runs(const Row * rows, int count);
    int next(int sequence) const;
    Slice run(const Row * rows, int first);
    void keep_company(Slice & slice) const;

    const SliceLimits limits;
    std::vector<std::vector<int>> pending; // scratch: of each sequence, the rows that are in no slice yet, the last first
};
