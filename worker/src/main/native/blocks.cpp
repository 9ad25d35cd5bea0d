#include "blocks.h"

#include <cmath>
#include <cstring>

#define ALWAYS_INLINE __attribute__((always_inline)) inline

#ifdef __clang__
#define PICK(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define PICK(v, ...) __builtin_shuffle(v, Ints{__VA_ARGS__})
#endif

// Lanes combine in halves: always the same ones.
#define FOLD(v, combine)                                                                                               \
    combine(v, PICK(v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));                                   \
    combine(v, PICK(v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));                                               \
    combine(v, PICK(v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));                                               \
    combine(v, PICK(v, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))

namespace any {
#include "passes.h"
}

// GCC cuts vectors to the registers of the target at hand before it inlines or clones functions, so that everything has
// to be compiled under each target.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx2")
namespace avx2 {
#include "passes.h"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq")
namespace avx512 {
#include "passes.h"
}
#pragma GCC pop_options

namespace {

enum Registers { ANY, AVX2, AVX512 };

Registers find_registers() {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
        return AVX512;
    }
    return __builtin_cpu_supports("avx2") ? AVX2 : ANY;
}

const Registers registers = find_registers();

} // namespace

#define DISPATCH(call) registers == AVX512 ? avx512::call : registers == AVX2 ? avx2::call : any::call
#else
#define DISPATCH(call) any::call
#endif

bool find_block_bests(const Blocks & blocks, float * bests) {
    return DISPATCH(find_block_bests(blocks, bests));
}

bool find_allowed_bests(const Blocks & blocks, const uint64_t * allowed, float * bests, float & best_of_all) {
    return DISPATCH(find_allowed_bests(blocks, allowed, bests, best_of_all));
}

void copy_allowed(const float * scores, uint64_t allowed, float * to) {
    DISPATCH(copy_allowed(scores, allowed, to));
}

void weigh_block(const float * scores, float best, float slope, float * weights) {
    DISPATCH(weigh_block(scores, best, slope, weights));
}

double sum_weights(const Blocks & blocks, float best) {
    return DISPATCH(sum_weights(blocks, best));
}

float sum_kept(const float * scores, const float * weights, float floor, int32_t last, int32_t & count) {
    return DISPATCH(sum_kept(scores, weights, floor, last, count));
}
