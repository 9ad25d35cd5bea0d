// What is in a model file, from its head alone, and whether the file is whole.
#pragma once

#include <gguf.h>

#include <cstdint>
#include <map>
#include <string>

struct FreeGguf {
    void operator()(gguf_context * context) const { gguf_free(context); }
};

struct GgufSummary {
    std::string architecture;
    std::string name;
    int64_t context_tokens = 0;
    int64_t bytes = 0;
    int64_t tensors = 0;
    struct TypeCount {
        int32_t tensors = 0;
        bool quantized = false;
    };
    std::map<std::string, TypeCount> types;
};

// Throws Failure FILE_UNREADABLE, FILE_DAMAGED or MODEL_UNSUPPORTED.
GgufSummary read_gguf(const std::string & file);

// The text under a key; empty where there is none.
std::string text_of(const gguf_context * gguf, const std::string & key);
