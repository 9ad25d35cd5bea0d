#include "Guesses.h"

#include <algorithm>

namespace {

// FNV-1a over whole tokens, from the last one back.
uint64_t with(uint64_t hash, int32_t token) {
    return (hash ^ static_cast<uint32_t>(token)) * UINT64_C(0x100000001B3);
}

constexpr uint64_t EMPTY = UINT64_C(0xCBF29CE484222325);

size_t place_of(uint64_t hash, size_t places) {
    return (hash ^ hash >> 32) & (places - 1);
}

uint32_t check_of(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 32);
}

} // namespace

void Guesses::learn(const History & history, int32_t token) {
    uint64_t hash = EMPTY;
    const size_t longest = std::min(LONGEST, history.length());
    for (size_t length = 1; length <= longest; length++) {
        hash = with(hash, *history.last(length));
        places[place_of(hash, PLACES)] = {check_of(hash), token};
    }
}

int32_t Guesses::after(const History & history, int32_t token) const {
    int32_t guess = -1;
    uint64_t hash = with(EMPTY, token);
    const size_t longest = std::min(LONGEST, history.length() + 1);
    for (size_t length = 1; length <= longest; length++) {
        if (length > 1) {
            hash = with(hash, *history.last(length - 1));
        }
        const Place & place = places[place_of(hash, PLACES)];
        if (place.next >= 0 && place.check == check_of(hash)) {
            guess = place.next;
        }
    }
    return guess;
}
