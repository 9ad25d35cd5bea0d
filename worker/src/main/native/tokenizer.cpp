#include "tokenizer.h"

#include <algorithm>
#include <iterator>

namespace {

// Qwen's <think> and <tool_call> are marked as user-defined text, and match even where control tokens do not.
bool is_mark(const Model & model, llama_token token) {
    if (!(llama_vocab_get_attr(model.vocab, token) & LLAMA_TOKEN_ATTR_USER_DEFINED)) {
        return false;
    }
    const std::string text = llama_vocab_get_text(model.vocab, token);
    return text.size() > 2 && ((text.front() == '<' && text.back() == '>') || (text.front() == '[' && text.back() == ']'));
}

bool mark_at(const Model & model, const std::string & text, size_t at) {
    for (const std::string & mark : model.marks[static_cast<uint8_t>(text[at])]) {
        if (text.compare(at, mark.size(), mark) == 0) {
            return true;
        }
    }
    return false;
}

std::vector<llama_token> tokenize_raw(const Model & model, const char * text, size_t size) {
    std::vector<llama_token> tokens(size / 2 + 16);
    const auto bytes = static_cast<int32_t>(size);
    int32_t count = llama_tokenize(model.vocab, text, bytes, tokens.data(), static_cast<int32_t>(tokens.size()), false, false);
    if (count < 0 && count != INT32_MIN) {
        tokens.resize(static_cast<size_t>(-count));
        count = llama_tokenize(model.vocab, text, bytes, tokens.data(), static_cast<int32_t>(tokens.size()), false, false);
    }
    if (count < 0) {
        throw Failure(INTERNAL, "the text could not be turned into tokens");
    }
    tokens.resize(static_cast<size_t>(count));
    return tokens;
}

// Some vocabularies can put a control token together out of its characters. Then the part is spelt, character by
// character.
void tokenize_part(const Model & model, const char * text, size_t size, std::vector<llama_token> & tokens) {
    const auto control = [&](llama_token token) { return is_control(model, token); };
    const std::vector<llama_token> whole = tokenize_raw(model, text, size);
    if (std::none_of(whole.begin(), whole.end(), control)) {
        tokens.insert(tokens.end(), whole.begin(), whole.end());
        return;
    }
    for (size_t start = 0; start < size;) {
        size_t end = start + 1;
        while (end < size && (text[end] & 0xC0) == 0x80) {
            end++;
        }
        const std::vector<llama_token> character = tokenize_raw(model, text + start, end - start);
        std::remove_copy_if(character.begin(), character.end(), std::back_inserter(tokens), control);
        start = end;
    }
}

} // namespace

bool is_control(const Model & model, llama_token token) {
    return llama_vocab_is_control(model.vocab, token) || is_mark(model, token);
}

void collect_marks(Model & model) {
    for (llama_token token = 0; token < llama_vocab_n_tokens(model.vocab); token++) {
        if (is_mark(model, token)) {
            const std::string text = llama_vocab_get_text(model.vocab, token);
            model.marks[static_cast<uint8_t>(text.front())].push_back(text);
        }
    }
}

// Cuts the text behind the first character of each mark, so that none is found whole. All marks begin with one byte
// of ASCII.
std::vector<llama_token> tokenize(const Model & model, const std::string & text) {
    std::vector<llama_token> tokens;
    size_t start = 0;
    for (size_t at = 0; at < text.size(); at++) {
        if (mark_at(model, text, at)) {
            tokenize_part(model, text.data() + start, at + 1 - start, tokens);
            start = at + 1;
        }
    }
    if (start < text.size()) {
        tokenize_part(model, text.data() + start, text.size() - start, tokens);
    }
    return tokens;
}
