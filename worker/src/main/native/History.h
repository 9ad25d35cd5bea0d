// The tokens of a sequence, prompt and output, and what penalties and bans ask about them. The answers are worked out
// as far as they are asked for, a token at a time, and are a function of the tokens alone: whoever continues a
// completion has them once its tokens have been decoded anew. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// How often the output has each of the distinct tokens of prompt and output.
class TokenUses {
public:
    struct Use {
        int32_t token;
        int32_t in_output; // 0: only the prompt has it
    };

    const std::vector<Use> & count(const std::vector<int32_t> & tokens, size_t prompt_length);
    void clear();

private:
    size_t counted = 0;
    size_t prompt = 0;
    std::vector<Use> uses;
    // Where a token stands in uses, plus one. By token id: four bytes for each, of a sequence that is penalised.
    std::vector<int32_t> places;
};

// Which tokens have followed the last tokens before. A hash table of the n-grams without their last token; those of one
// bucket form a chain, newest first, and are compared token by token.
class Ngrams {
public:
    // Appends each token that would complete an n-gram which is there already, some more than once.
    void find_repeats(const std::vector<int32_t> & tokens, size_t size, std::vector<int32_t> & repeats);
    void clear();

private:
    size_t bucket(const int32_t * begin, size_t length) const;
    void index(const std::vector<int32_t> & tokens, size_t prefix);

    size_t indexed = 0;            // the last tokens of n-grams up to here
    std::vector<int32_t> newest;   // for each bucket the place of an n-gram's last token; -1: none
    std::vector<int32_t> previous; // for each such place the next older one
};

class History {
public:
    void append(int32_t token) { tokens.push_back(token); }

    // Forgets all but the first tokens.
    void keep(size_t length);

    // Has the first tokens of another, and no more.
    void begin_like(const History & other, size_t length);

    size_t length() const { return tokens.size(); }

    // The last tokens.
    const int32_t * last(size_t count) const { return tokens.data() + (tokens.size() - count); }

    const std::vector<TokenUses::Use> & uses(size_t prompt_length) { return token_uses.count(tokens, prompt_length); }

    void find_repeats(size_t ngram_size, std::vector<int32_t> & repeats) {
        ngrams.find_repeats(tokens, ngram_size, repeats);
    }

private:
    std::vector<int32_t> tokens;
    TokenUses token_uses;
    Ngrams ngrams;
};
