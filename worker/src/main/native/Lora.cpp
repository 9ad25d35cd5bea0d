// LoRA adapters: whether a file is one that fits a model, and loading it beside the model.
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "GgufReader.h"
#include "Writer.h"
#include "jvm.h"
#include "library.h"
#include "model.h"

namespace {

constexpr char A[] = ".lora_a";
constexpr char B[] = ".lora_b";
constexpr char EMBEDDING[] = "token_embd.weight";

struct FreeTensors {
    void operator()(ggml_context * context) const { ggml_free(context); }
};

// A GGUF file and its tensors, with or without their values.
struct File {
    File(const std::string & name, bool values) {
        ggml_context * read = nullptr;
        gguf.reset(gguf_init_from_file(name.c_str(), {/*no_alloc=*/!values, &read}));
        tensors.reset(read);
        if (!gguf) {
            throw Failure(FILE_DAMAGED, "not a whole GGUF file");
        }
    }

    ggml_tensor * tensor(const std::string & name) const { return ggml_get_tensor(tensors.get(), name.c_str()); }

    std::unique_ptr<gguf_context, FreeGguf> gguf;
    std::unique_ptr<ggml_context, FreeTensors> tensors;
};

[[noreturn]] void refuse(const std::string & why) {
    throw Failure(MODEL_UNSUPPORTED, why);
}

void require_text(const File & adapter, const char * key, const std::string & wanted) {
    const std::string found = text_of(adapter.gguf.get(), key);
    if (found != wanted) {
        refuse(std::string("its ") + key + " is '" + found + "', not '" + wanted + "'");
    }
}

// llama.cpp would end the process where the scale is no float, and take one that works from a certain token on for one
// that always works.
void check_keys(const File & adapter, const File & model) {
    require_text(adapter, "general.type", "adapter");
    require_text(adapter, "adapter.type", "lora");
    require_text(adapter, "general.architecture", text_of(model.gguf.get(), "general.architecture"));
    const int64_t alpha = gguf_find_key(adapter.gguf.get(), "adapter.lora.alpha");
    if (alpha >= 0 && (gguf_get_kv_type(adapter.gguf.get(), alpha) != GGUF_TYPE_FLOAT32 ||
                       !std::isfinite(gguf_get_val_f32(adapter.gguf.get(), alpha)))) {
        refuse("its adapter.lora.alpha is no number of 32 bits");
    }
    if (gguf_find_key(adapter.gguf.get(), "adapter.alora.invocation_tokens") >= 0) {
        refuse("an activated LoRA, which begins at a certain token, is not supported");
    }
}

bool finite(const ggml_tensor * tensor) {
    for (int64_t i = 0; i < ggml_nelements(tensor); i++) {
        const float value = tensor->type == GGML_TYPE_F16
                                ? ggml_fp16_to_fp32(static_cast<const ggml_fp16_t *>(tensor->data)[i])
                                : static_cast<const float *>(tensor->data)[i];
        if (!std::isfinite(value)) {
            return false;
        }
    }
    return true;
}

void check_values(const ggml_tensor * tensor) {
    if (tensor->type != GGML_TYPE_F16 && tensor->type != GGML_TYPE_F32) {
        refuse(std::string("tensor ") + tensor->name + " is " + ggml_type_name(tensor->type) + ", and an adapter is F16");
    }
    if (!finite(tensor)) {
        throw Failure(FILE_DAMAGED, std::string("tensor ") + tensor->name + " has values that are not numbers");
    }
}

// The embedding is the model's output as well in most models, and llama.cpp would end the process there.
void check_pair(const File & model, const std::string & name, const ggml_tensor * a, const ggml_tensor * b) {
    const ggml_tensor * const matrix = model.tensor(name);
    if (matrix == nullptr) {
        refuse("it changes " + name + ", which the model has not");
    }
    if (name == EMBEDDING) {
        refuse("it changes the embedding, which is not supported");
    }
    if (ggml_n_dims(matrix) != 2 || a->ne[0] != matrix->ne[0] || b->ne[1] != matrix->ne[1] || a->ne[1] != b->ne[0] ||
        ggml_nelements(a) != a->ne[0] * a->ne[1] || ggml_nelements(b) != b->ne[0] * b->ne[1]) {
        refuse("its shape for " + name + " is not the model's");
    }
}

bool ends_with(const std::string & text, const std::string & end) {
    return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The greatest rank. llama.cpp would leave out tensors that are of no pair.
int64_t check_tensors(const File & adapter, const File & model) {
    const int64_t tensors = gguf_get_n_tensors(adapter.gguf.get());
    for (int64_t i = 0; i < tensors; i++) {
        check_values(adapter.tensor(gguf_get_tensor_name(adapter.gguf.get(), i)));
    }
    int64_t rank = 0;
    for (int64_t i = 0; i < tensors; i++) {
        const std::string name = gguf_get_tensor_name(adapter.gguf.get(), i);
        if (!ends_with(name, A) && !ends_with(name, B)) {
            refuse("tensor " + name + " is no part of a LoRA");
        }
        const std::string matrix = name.substr(0, name.size() - (sizeof A - 1));
        const ggml_tensor * const a = adapter.tensor(matrix + A);
        const ggml_tensor * const b = adapter.tensor(matrix + B);
        if (a == nullptr || b == nullptr) {
            refuse("tensor " + name + " is without its other half");
        }
        check_pair(model, matrix, a, b);
        rank = std::max(rank, a->ne[1]);
    }
    return rank;
}

} // namespace

extern "C" {

// Everything that llama.cpp would answer by ending the process, or not notice.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LoraReader_inspect(
        JNIEnv * env, jclass, jbyteArray file, jbyteArray model_file, jobject out, jint size) {
    return guarded([&]() -> jlong {
        require_library();
        Writer writer(memory<char>(env, out, size), size);
        const std::string name = path(env, file);
        const GgufSummary summary = read_gguf(name);
        const File adapter(name, true);
        const File model(path(env, model_file), false);
        check_keys(adapter, model);
        writer.number(check_tensors(adapter, model));
        writer.number(summary.tensors / 2);
        writer.number(summary.bytes);
        return 0;
    });
}

// The adapter's number: they count from 1. It goes with the model.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaModel_loadAdapter(
        JNIEnv * env, jclass, jlong handle, jbyteArray file) {
    return guarded([&]() -> jlong {
        const std::shared_ptr<Model> model = models().find(handle);
        llama_adapter_lora * const adapter = llama_adapter_lora_init(model->model, path(env, file).c_str());
        if (adapter == nullptr) {
            throw Failure(MODEL_UNSUPPORTED, "cannot load the adapter");
        }
        model->adapters.push_back(adapter);
        return static_cast<jlong>(model->adapters.size());
    });
}

} // extern "C"
