#include "GrammarRules.h"

#include <algorithm>

#include "errors.h"

// The number of rules, where each of them starts in the elements, and the elements.
std::shared_ptr<const GrammarRules> GrammarRules::read(const int32_t * words, int64_t count) {
    if (count < 1 || words[0] < 1 || words[0] >= count - 1) {
        throw Failure(INVALID_ARGUMENT, "a grammar cut short");
    }
    auto rules = std::make_shared<GrammarRules>();
    const int32_t * const first_element = words + 1 + words[0];
    rules->starts.assign(words + 1, first_element);
    rules->elements.assign(first_element, words + count);
    if (!rules->sound()) {
        throw Failure(INVALID_ARGUMENT, "not a grammar");
    }
    rules->classify();
    return rules;
}

// With this, whoever walks from a start to the ends stays inside.
bool GrammarRules::sound() const {
    const auto count = static_cast<int32_t>(elements.size());
    const auto rules = static_cast<int32_t>(starts.size());
    return elements.front() == REFERENCE && elements.back() == END_OF_RULE &&
           std::all_of(starts.begin(), starts.end(), [&](int32_t start) { return start >= 0 && start < count; }) &&
           std::all_of(elements.begin(), elements.end(), [&](int32_t element) {
               return element >= END_OF_ALTERNATIVE && element < REFERENCE + rules;
           });
}

void GrammarRules::classify() {
    std::array<bool, 257> begins = {};
    for (const int32_t element : elements) {
        if (element >= 0 && element < REFERENCE) {
            begins[element >> 8] = true;
            begins[(element & 0xFF) + 1] = true;
        }
    }
    for (size_t byte = 1; byte < classes.size(); byte++) {
        classes[byte] = static_cast<uint8_t>(classes[byte - 1] + begins[byte]);
    }
}
