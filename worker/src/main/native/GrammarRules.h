// A grammar over bytes, as Grammar.java writes it. Immutable.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

// A rule is its alternatives, one after the other; an alternative is elements and then one of the two ends.
class GrammarRules {
public:
    // Throws Failure INVALID_ARGUMENT for words that are no grammar.
    static std::shared_ptr<const GrammarRules> read(const int32_t * words, int64_t count);

    bool ends_alternative(int32_t at) const { return elements[at] < 0; }
    bool ends_rule(int32_t at) const { return elements[at] == END_OF_RULE; }
    bool refers(int32_t at) const { return elements[at] >= REFERENCE; }
    int32_t start_of_rule(int32_t reference) const { return starts[elements[reference] - REFERENCE]; }

    // Of an element that is a range of bytes.
    bool has(int32_t at, uint8_t byte) const { return elements[at] >> 8 <= byte && byte <= (elements[at] & 0xFF); }

    // Bytes that no range tells apart are of one class.
    uint8_t class_of(uint8_t byte) const { return classes[byte]; }
    int32_t class_count() const { return classes[255] + 1; }

    static constexpr int32_t ROOT_REFERENCE = 0; // the first element refers to the rule that is the whole

private:
    static constexpr int32_t END_OF_RULE = -1;
    static constexpr int32_t END_OF_ALTERNATIVE = -2;
    static constexpr int32_t REFERENCE = 1 << 16; // plus the number of the rule; below it a range, first byte << 8 | last

    bool sound() const;
    void classify();

    std::vector<int32_t> starts; // of each rule, in elements
    std::vector<int32_t> elements;
    std::array<uint8_t, 256> classes = {};
};
