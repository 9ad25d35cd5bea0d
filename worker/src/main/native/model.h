// An open model, shared by its Java object and the contexts on it.
#pragma once

#include <llama.h>

#include <array>
#include <string>
#include <vector>

#include "TokenTrie.h"
#include "registry.h"

struct Model {
    ~Model();

    llama_model * model = nullptr;
    const llama_vocab * vocab = nullptr;
    std::vector<llama_adapter_lora *> adapters; // the model's own; none is added while a context is open
    ggml_backend_dev_t gpu = nullptr; // null: the CPU
    // Texts of tokens that steer the model although they are not marked as control tokens, by their first byte.
    std::array<std::vector<std::string>, 256> marks;
    std::shared_ptr<const TokenTrie> pieces; // of the tokens that stand for text
};

Registry<Model> & models();

// What the KV cache takes for one token of one sequence.
int64_t kv_bytes_per_token(const Model & model);
