// The passes themselves: what blocks.h declares, for one kind of vector register. Included by blocks.cpp into a namespace
// for each.

// Sixteen scores at a time, whatever the machine's registers hold (an extension of GCC and Clang). Sums are kept in
// lanes and nothing is fused, so that the machine decides how long it takes, and not what comes out.
constexpr int32_t LANES = 16;
using Floats = float __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
using Ints = int32_t __attribute__((vector_size(LANES * sizeof(int32_t))));

ALWAYS_INLINE const Floats & load(const float * from) {
    return *reinterpret_cast<const Floats *>(from);
}

ALWAYS_INLINE void take_larger(Floats & a, const Floats & b) {
    a = b > a ? b : a;
}

ALWAYS_INLINE void add(Floats & a, const Floats & b) {
    a += b;
}

ALWAYS_INLINE void add(Ints & a, const Ints & b) {
    a += b;
}

// x becomes e^x, for x <= 0. x = n ln 2 + r, and a polynomial for e^r: the coefficients are those of Cephes' expf
// (S. L. Moshier), good to 2e-7.
ALWAYS_INLINE void exponentiate(Floats & x) {
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

// Writes e^((score - best) * slope) for a block and returns the sum.
ALWAYS_INLINE float weigh(const float * scores, float best, float slope, float * weights) {
    Floats sum = {};
    for (int32_t i = 0; i < BLOCK; i += LANES) {
        Floats weight = (load(scores + i) - best) * slope;
        exponentiate(weight);
        std::memcpy(weights + i, &weight, sizeof weight);
        sum += weight;
    }
    FOLD(sum, add);
    return sum[0];
}

inline bool find_block_bests(const Blocks & blocks, float * bests) {
    Ints is_nan = {};
    for (int32_t block = 0; block < blocks.count; block++) {
        const float * const scores = blocks.at(block);
        Floats best = load(scores);
        is_nan |= best != best;
        for (int32_t i = LANES; i < BLOCK; i += LANES) {
            is_nan |= load(scores + i) != load(scores + i);
            take_larger(best, load(scores + i));
        }
        FOLD(best, take_larger);
        bests[block] = best[0];
    }
    FOLD(is_nan, add);
    return is_nan[0] != 0;
}

// The scores of sixteen tokens, and -infinity where the lowest bits are not set.
ALWAYS_INLINE void load_allowed(const float * from, uint64_t allowed, Floats & to) {
    constexpr Ints BITS = {1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                           1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
    const Ints bits = (Ints{} + static_cast<int32_t>(allowed & 0xFFFF)) & BITS;
    to = bits != 0 ? load(from) : Floats{} - HUGE_VALF;
}

inline bool find_allowed_bests(const Blocks & blocks, const uint64_t * allowed, float * bests, float & best_of_all) {
    Ints is_nan = {};
    Floats any = Floats{} - HUGE_VALF;
    for (int32_t block = 0; block < blocks.count; block++) {
        const float * const scores = blocks.at(block);
        Floats best = Floats{} - HUGE_VALF;
        for (int32_t i = 0; i < BLOCK; i += LANES) {
            Floats kept;
            load_allowed(scores + i, allowed[block] >> i, kept);
            is_nan |= load(scores + i) != load(scores + i);
            take_larger(any, load(scores + i));
            take_larger(best, kept);
        }
        FOLD(best, take_larger);
        bests[block] = best[0];
    }
    FOLD(is_nan, add);
    FOLD(any, take_larger);
    best_of_all = any[0];
    return is_nan[0] != 0;
}

inline void copy_allowed(const float * scores, uint64_t allowed, float * to) {
    for (int32_t i = 0; i < BLOCK; i += LANES) {
        Floats kept;
        load_allowed(scores + i, allowed >> i, kept);
        std::memcpy(to + i, &kept, sizeof kept);
    }
}

inline void weigh_block(const float * scores, float best, float slope, float * weights) {
    weigh(scores, best, slope, weights);
}

inline double sum_weights(const Blocks & blocks, float best) {
    float weights[BLOCK];
    double sum = 0;
    for (int32_t block = 0; block < blocks.count; block++) {
        sum += weigh(blocks.at(block), best, 1, weights);
    }
    return sum;
}

inline float sum_kept(const float * scores, const float * weights, float floor, int32_t last, int32_t & count) {
    Ints place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    Floats sum = {};
    Ints kept_count = {};
    for (int32_t i = 0; i < BLOCK; i += LANES) {
        const Ints kept = (load(scores + i) > floor) | ((load(scores + i) == floor) & (place <= last));
        sum += kept ? load(weights + i) : Floats{};
        kept_count -= kept;
        place += LANES;
    }
    FOLD(sum, add);
    FOLD(kept_count, add);
    count += kept_count[0];
    return sum[0];
}
