// Which tokens may follow those of a completion. A function of the grammar and of the completion's tokens alone, worked
// out a token at a time: whoever continues a completion has the same. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "GrammarStates.h"
#include "TokenTrie.h"

class GrammarMatcher {
public:
    GrammarMatcher(std::shared_ptr<const GrammarRules> rules, std::shared_ptr<const TokenTrie> vocabulary)
        : vocabulary(std::move(vocabulary)), states(std::move(rules)) {}

    // Copies the scores of the tokens that may follow, and -infinity for the others. False where none may: the tokens
    // leave the grammar, or it has so many ways to read them that to follow them all would take too long.
    bool allow(const int32_t * completion, size_t length, const float * scores, float * allowed);

private:
    static constexpr size_t MOST_MASKS = 64;
    using Mask = std::vector<uint64_t>; // a bit for each token

    void follow(const int32_t * completion, size_t length);
    void accept(int32_t token);
    const Mask & mask();
    void walk(Mask & mask);

    const std::shared_ptr<const TokenTrie> vocabulary;
    GrammarStates states;
    bool started = false;
    int32_t state = GrammarStates::DEAD;
    std::vector<int32_t> accepted;
    std::unordered_map<int32_t, Mask> masks; // by state
    std::vector<int32_t> path;               // scratch: the states behind each byte of a piece
};
