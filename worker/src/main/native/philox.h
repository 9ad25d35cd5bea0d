// Random numbers without a state: the same seed and index give the same number, on every machine.
#pragma once

#include <cstdint>
#include <cstring>

// Uniform in [0, 1). Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC11): the seed is
// the key, the index the counter. 53 bits of the block make the number.
inline double uniform(uint64_t seed, uint32_t index) {
    uint32_t counter[4] = {index, 0, 0, 0};
    uint32_t key[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = UINT64_C(0xD2511F53) * counter[0];
        const uint64_t b = UINT64_C(0xCD9E8D57) * counter[2];
        const uint32_t next[4] = {
            static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0],
            static_cast<uint32_t>(b),
            static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1],
            static_cast<uint32_t>(a),
        };
        std::memcpy(counter, next, sizeof counter);
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    const uint64_t bits = static_cast<uint64_t>(counter[0]) << 32 | counter[1];
    return static_cast<double>(bits >> 11) * 0x1p-53;
}
