// The passes over all scores of a row, block by block: what sampling costs.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "Sampler.h"

namespace {

constexpr int32_t BLOCK = Sampler::BLOCK;

// Weights below e^-87 are below what a float can hold; they are 0.
constexpr float LOWEST_EXPONENT = -87.0f;

// Sixteen scores at a time, whatever the machine's registers hold (an extension of GCC and Clang). Sums are kept in
// lanes and nothing is fused, so that the machine decides how long it takes, and not what comes out.
constexpr int32_t LANES = 16;
using Floats = float __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
using Ints = int32_t __attribute__((vector_size(LANES * sizeof(int32_t))));

// Compiled for each kind of register, and chosen when the library is loaded.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE_VECTORS
#endif

// x becomes e^x, for x <= 0. x = n ln 2 + r, and a polynomial for e^r: the coefficients are those of Cephes' expf
// (S. L. Moshier), good to 2e-7.
__attribute__((always_inline)) inline void exponentiate(Floats & x) {
    const Ints too_low = x < LOWEST_EXPONENT;
    x = too_low ? Floats{} + LOWEST_EXPONENT : x;
    const Floats n = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f; // rounds to an integer
    const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    Floats p = Floats{} + 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const Ints bits = (__builtin_convertvector(n, Ints) + 127) << 23;
    Floats power;
    std::memcpy(&power, &bits, sizeof power);
    x = too_low ? Floats{} : p * power;
}

// The best of a block, or NaN if one of its scores is.
WIDE_VECTORS float find_block_best(const float * scores) {
    Floats best = *reinterpret_cast<const Floats *>(scores);
    Ints is_nan = best != best;
    for (int32_t i = LANES; i < BLOCK; i += LANES) {
        const Floats next = *reinterpret_cast<const Floats *>(scores + i);
        is_nan |= next != next;
        best = next > best ? next : best;
    }
    float block = best[0];
    int32_t any_nan = 0;
    for (int32_t lane = 0; lane < LANES; lane++) {
        block = best[lane] > block ? best[lane] : block;
        any_nan |= is_nan[lane];
    }
    return any_nan ? NAN : block;
}

// Writes the weights of a block and returns their sum.
WIDE_VECTORS double weigh(const float * scores, float best, float temperature, float * weights) {
    Floats sums = {};
    for (int32_t i = 0; i < BLOCK; i += LANES) {
        Floats weight = (*reinterpret_cast<const Floats *>(scores + i) - best) / temperature;
        exponentiate(weight);
        *reinterpret_cast<Floats *>(weights + i) = weight;
        sums += weight;
    }
    double sum = 0;
    for (int32_t lane = 0; lane < LANES; lane++) {
        sum += sums[lane];
    }
    return sum;
}

} // namespace
