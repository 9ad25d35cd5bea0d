#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "GgufReader.h"
#include "Hardware.h"
#include "jvm.h"
#include "library.h"
#include "model.h"
#include "tokenizer.h"

namespace {

constexpr uint8_t CONTROL = 1;
constexpr uint8_t END_OF_GENERATION = 2;

ggml_backend_dev_t find_gpu(int number) {
    const std::vector<ggml_backend_dev_t> found = gpus();
    if (static_cast<size_t>(number) >= found.size()) {
        throw Failure(DEVICE_UNAVAILABLE, "no GPU " + std::to_string(number) + ": there are " + std::to_string(found.size()));
    }
    return found[static_cast<size_t>(number)];
}

// Shows progress to Java, on the thread that loads. An exception there stops loading and stays pending.
struct Progress {
    JNIEnv * env;
    jobject listener;
    jmethodID method;
    bool aborted = false;
};

bool on_progress(float fraction, void * data) {
    auto & progress = *static_cast<Progress *>(data);
    const bool go_on = progress.env->CallBooleanMethod(progress.listener, progress.method, fraction);
    progress.aborted = progress.env->ExceptionCheck() || !go_on;
    return !progress.aborted;
}

jmethodID progress_method(JNIEnv * env, jobject listener) {
    if (listener == nullptr) {
        throw Failure(INVALID_ARGUMENT, "no progress listener");
    }
    const jmethodID method = env->GetMethodID(env->GetObjectClass(listener), "onProgress", "(F)Z");
    if (method == nullptr) {
        env->ExceptionClear();
        throw Failure(INVALID_ARGUMENT, "not a progress listener");
    }
    return method;
}

std::string piece(const Model & model, llama_token token) {
    std::string piece(32, '\0');
    int32_t size = llama_token_to_piece(model.vocab, token, &piece[0], static_cast<int32_t>(piece.size()), 0, false);
    if (size < 0) {
        piece.resize(static_cast<size_t>(-size));
        size = llama_token_to_piece(model.vocab, token, &piece[0], static_cast<int32_t>(piece.size()), 0, false);
    }
    piece.resize(static_cast<size_t>(std::max(size, 0)));
    return piece;
}

void append(std::string & out, const std::string & text) {
    const auto size = static_cast<int32_t>(text.size());
    out.append(reinterpret_cast<const char *>(&size), sizeof size);
    out += text;
}

// For each token: a byte of flags, its piece, and for a control token its text.
std::string vocabulary(const Model & model) {
    std::string out;
    for (llama_token token = 0; token < llama_vocab_n_tokens(model.vocab); token++) {
        const bool control = is_control(model, token);
        const bool ends = llama_vocab_is_eog(model.vocab, token);
        out += static_cast<char>((control ? CONTROL : 0) | (ends ? END_OF_GENERATION : 0));
        append(out, piece(model, token));
        if (control) {
            append(out, llama_vocab_get_text(model.vocab, token));
        }
    }
    return out;
}

std::shared_ptr<const TokenTrie> pieces(const Model & model) {
    std::vector<std::string> texts(static_cast<size_t>(llama_vocab_n_tokens(model.vocab)));
    std::vector<int32_t> ends;
    for (llama_token token = 0; token < llama_vocab_n_tokens(model.vocab); token++) {
        if (llama_vocab_is_eog(model.vocab, token)) {
            ends.push_back(token);
        } else if (!is_control(model, token)) {
            texts[static_cast<size_t>(token)] = piece(model, token);
        }
    }
    return std::make_shared<TokenTrie>(std::move(texts), std::move(ends));
}

int64_t number(const Model & model, const std::string & key) {
    char value[64];
    const int32_t size = llama_model_meta_val_str(model.model, key.c_str(), value, sizeof value);
    return size > 0 ? std::atoll(value) : 0;
}

// On a GPU, or for null on the CPU. The parameters are the caller's to complete.
std::shared_ptr<Model> load(const std::string & file, ggml_backend_dev_t gpu, llama_model_params params) {
    auto model = std::make_shared<Model>();
    model->gpu = gpu;
    ggml_backend_dev_t devices[] = {gpu, nullptr};
    params.devices = devices;
    params.n_gpu_layers = gpu == nullptr ? 0 : -1;
    params.split_mode = LLAMA_SPLIT_MODE_NONE;
    params.main_gpu = gpu == nullptr ? -1 : 0;
    model->model = llama_model_load_from_file(file.c_str(), params);
    if (model->model == nullptr) {
        throw Failure(MODEL_UNSUPPORTED, "cannot load the model");
    }
    model->vocab = llama_model_get_vocab(model->model);
    if (llama_vocab_n_tokens(model->vocab) == 0 || !llama_model_has_decoder(model->model) ||
        llama_model_has_encoder(model->model) || llama_model_is_recurrent(model->model) ||
        llama_model_is_hybrid(model->model) || llama_model_is_diffusion(model->model)) {
        throw Failure(MODEL_UNSUPPORTED, "not a model that decodes token by token with a KV cache");
    }
    return model;
}

std::shared_ptr<Model> open(const std::string & file, jint gpu, bool repack, Progress & progress) {
    llama_model_params params = llama_model_default_params();
    params.load_mode = LLAMA_LOAD_MODE_MMAP;
    params.use_extra_bufts = repack;
    params.progress_callback = on_progress;
    params.progress_callback_user_data = &progress;
    std::shared_ptr<Model> model;
    try {
        model = load(file, gpu < 0 ? nullptr : find_gpu(gpu), params);
    } catch (const Failure &) {
        if (progress.aborted) {
            throw Failure(LOAD_ABORTED, "asked to stop");
        }
        throw;
    }
    collect_marks(*model);
    model->pieces = pieces(*model);
    return model;
}

} // namespace

Model::~Model() {
    if (model != nullptr) {
        llama_model_free(model);
    }
}

Registry<Model> & models() {
    static Registry<Model> registry;
    return registry;
}

int64_t kv_bytes_per_token(const Model & model) {
    char architecture[64] = "";
    llama_model_meta_val_str(model.model, "general.architecture", architecture, sizeof architecture);
    const std::string attention = std::string(architecture) + ".attention.";
    const int64_t usual = llama_model_n_embd(model.model) / std::max(1, llama_model_n_head(model.model));
    const int64_t key = number(model, attention + "key_length");
    const int64_t value = number(model, attention + "value_length");
    const int64_t head = (key > 0 ? key : usual) + (value > 0 ? value : usual);
    return head * llama_model_n_head_kv(model.model) * llama_model_n_layer(model.model) * 2;
}

extern "C" {

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaModel_open(
        JNIEnv * env, jclass, jbyteArray file, jint gpu, jboolean repack, jobject listener) {
    return guarded([&]() -> jlong {
        require_library();
        const std::string name = path(env, file);
        Progress progress = {env, listener, progress_method(env, listener)};
        read_gguf(name); // a file that is cut off would kill the process once it is mapped into memory
        return models().add(open(name, gpu, repack, progress));
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaModel_close(JNIEnv *, jclass, jlong handle) {
    return guarded([&]() -> jlong {
        models().remove(handle);
        return 0;
    });
}

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaModel_contextTokens(JNIEnv *, jclass, jlong handle) {
    return guarded([&]() -> jlong { return llama_model_n_ctx_train(models().find(handle)->model); });
}

// Has llama.cpp read all but the weights.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaModel_readKvBytesPerToken(
        JNIEnv * env, jclass, jbyteArray file) {
    return guarded([&]() -> jlong {
        require_library();
        const std::string name = path(env, file);
        read_gguf(name);
        llama_model_params params = llama_model_default_params();
        params.no_alloc = true; // which asserts that nothing is mapped
        params.load_mode = LLAMA_LOAD_MODE_NONE;
        return kv_bytes_per_token(*load(name, nullptr, params));
    });
}

// The number of tokens, of which as many as fit are written.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaModel_tokenize(
        JNIEnv * env, jclass, jlong handle, jbyteArray text, jintArray out) {
    return guarded([&]() -> jlong {
        const auto model = models().find(handle);
        if (out == nullptr) {
            throw Failure(INVALID_ARGUMENT, "nowhere to put the tokens");
        }
        const std::vector<llama_token> tokens = tokenize(*model, bytes(env, text));
        const auto count = static_cast<jsize>(tokens.size());
        env->SetIntArrayRegion(out, 0, std::min(count, env->GetArrayLength(out)), tokens.data());
        return count;
    });
}

// The bytes that the vocabulary takes, written if they fit.
JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaModel_vocabulary(
        JNIEnv * env, jclass, jlong handle, jobject out, jint size) {
    return guarded([&]() -> jlong {
        const auto model = models().find(handle);
        char * const to = memory<char>(env, out, size);
        const std::string written = vocabulary(*model);
        if (written.size() <= static_cast<size_t>(size)) {
            std::memcpy(to, written.data(), written.size());
        }
        return static_cast<jlong>(written.size());
    });
}

} // extern "C"
