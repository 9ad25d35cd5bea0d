#include "Slices.h"

#include <algorithm>

namespace {

// As many pad rows cost less than a slice more.
constexpr int MOST_GAP = 4;

} // namespace

std::vector<Slice> Slices::of(const Row * rows, int count) {
    std::vector<Slice> slices = limits.own_cells ? runs(rows, count) : even(rows, count);
    if (limits.exact) {
        for (Slice & slice : slices) {
            keep_company(slice);
        }
    }
    return slices;
}

std::vector<Slice> Slices::even(const Row * rows, int count) const {
    std::vector<Slice> slices((count + limits.rows - 1) / limits.rows);
    for (int i = 0; i < count; i++) {
        const auto slice = static_cast<int64_t>(i) * static_cast<int64_t>(slices.size()) / count;
        slices[slice].push_back({i, rows[i].sequence, rows[i].index >= 0});
    }
    return slices;
}

std::vector<Slice> Slices::runs(const Row * rows, int count) {
    for (int i = count - 1; i >= 0; i--) {
        pending[rows[i].sequence].push_back(i);
    }
    std::vector<Slice> slices;
    for (int first = next(0); first < limits.sequences; first = next(first)) {
        slices.push_back(run(rows, first));
    }
    return slices;
}

// The first sequence from this one on that has rows left.
int Slices::next(int sequence) const {
    while (sequence < limits.sequences && pending[sequence].empty()) {
        sequence++;
    }
    return sequence;
}

// Begins with this sequence, and goes on as long as the others are near and all that it has then fits.
Slice Slices::run(const Row * rows, int first) {
    int end = first + 1;
    int each = std::min(static_cast<int>(pending[first].size()), limits.rows);
    for (int further = next(end); further < limits.sequences; further = next(end)) {
        const int fewest = std::min(each, static_cast<int>(pending[further].size()));
        const bool near = further - end <= (fewest == 1 ? MOST_GAP : 0);
        if (!near || fewest * (further + 1 - first) > limits.rows) {
            break;
        }
        each = fewest;
        end = further + 1;
    }
    Slice slice;
    for (int sequence = first; sequence < end; sequence++) {
        std::vector<int> & left = pending[sequence];
        if (left.empty()) {
            slice.push_back({SliceRow::PAD, sequence, false});
        }
        for (int i = 0; i < each && !left.empty(); i++) {
            slice.push_back({left.back(), sequence, rows[left.back()].index >= 0});
            left.pop_back();
        }
    }
    return slice;
}

void Slices::keep_company(Slice & slice) const {
    const auto outputs = std::count_if(slice.begin(), slice.end(), [](const SliceRow & row) { return row.output; });
    if (slice.size() > 1 && outputs != 1) {
        return;
    }
    if (slice.size() > 1 && limits.own_cells) { // a pad row would have to be one for each row of the others
        const auto silent = std::find_if(slice.begin(), slice.end(), [](const SliceRow & row) { return !row.output; });
        silent->output = true;
        return;
    }
    const int32_t beside = limits.own_cells ? slice.back().sequence + 1 : limits.sequences;
    slice.push_back({SliceRow::PAD, beside, outputs == 1});
}
