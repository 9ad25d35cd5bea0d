#include "History.h"

#include <algorithm>

void TokenUses::clear() {
    for (const Use & use : uses) {
        places[use.token] = 0;
    }
    uses.clear();
    counted = 0;
}

const std::vector<TokenUses::Use> & TokenUses::count(const std::vector<int32_t> & tokens, size_t prompt_length) {
    if (prompt != prompt_length) {
        clear();
        prompt = prompt_length;
    }
    for (; counted < tokens.size(); counted++) {
        const auto token = static_cast<size_t>(tokens[counted]);
        if (token >= places.size()) {
            places.resize(std::max(token + 1, 2 * places.size()));
        }
        if (places[token] == 0) {
            uses.push_back({tokens[counted], 0});
            places[token] = static_cast<int32_t>(uses.size());
        }
        uses[places[token] - 1].in_output += counted >= prompt;
    }
    return uses;
}

void Ngrams::clear() {
    indexed = 0;
    std::fill(newest.begin(), newest.end(), -1);
}

// FNV-1a over whole tokens.
size_t Ngrams::bucket(const int32_t * begin, size_t length) const {
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ static_cast<uint32_t>(begin[i])) * UINT64_C(0x100000001B3);
    }
    return (hash ^ hash >> 32) & (newest.size() - 1);
}

void Ngrams::index(const std::vector<int32_t> & tokens, size_t prefix) {
    if (newest.size() < tokens.size()) {
        size_t buckets = 1024;
        while (buckets < 2 * tokens.size()) {
            buckets *= 2;
        }
        newest.resize(buckets);
        clear();
    }
    previous.resize(tokens.size());
    for (indexed = std::max(indexed, prefix); indexed < tokens.size(); indexed++) {
        int32_t & head = newest[bucket(&tokens[indexed - prefix], prefix)];
        previous[indexed] = head;
        head = static_cast<int32_t>(indexed);
    }
}

void Ngrams::find_repeats(const std::vector<int32_t> & tokens, size_t size, std::vector<int32_t> & repeats) {
    const size_t prefix = size - 1;
    if (tokens.size() < size) {
        return;
    }
    index(tokens, prefix);
    const int32_t * const last = tokens.data() + (tokens.size() - prefix);
    for (int32_t i = newest[bucket(last, prefix)]; i >= 0; i = previous[i]) {
        if (std::equal(last, last + prefix, &tokens[i - prefix])) {
            repeats.push_back(tokens[i]);
        }
    }
}

void History::keep(size_t length) {
    if (length < tokens.size()) {
        tokens.resize(length);
        token_uses.clear();
        ngrams.clear();
    }
}

void History::begin_like(const History & other, size_t length) {
    keep(0);
    tokens.assign(other.tokens.begin(), other.tokens.begin() + static_cast<std::ptrdiff_t>(length));
}
