#include "library.h"

#include <dlfcn.h>
#include <llama.h>

#include <atomic>
#include <mutex>

#include "Hardware.h"
#include "jvm.h"

namespace {

std::mutex opening;
std::atomic<bool> opened{false};
std::string opened_folder;

// Errors and warnings of this call, for the message of its failure. The rest is dropped: nothing goes to stderr.
void on_log(ggml_log_level level, const char * text, void *) {
    constexpr size_t MOST = 1000;
    static thread_local bool keeping = false;
    if (level != GGML_LOG_LEVEL_CONT) {
        keeping = level == GGML_LOG_LEVEL_ERROR || level == GGML_LOG_LEVEL_WARN;
    }
    if (!keeping || text == nullptr) {
        return;
    }
    log_lines += text;
    while (!log_lines.empty() && log_lines.back() == '\n') {
        log_lines.back() = ' ';
    }
    if (log_lines.size() > MOST) {
        log_lines.erase(0, log_lines.size() - MOST);
    }
}

// "0.5.0" for itself and for builds such as 0.5.0-dev; not for 0.5.01 or 0.5.0.1.
bool wanted(const std::string & version) {
    const std::string base = LLAMA_WANTED_VERSION;
    return version.compare(0, base.size(), base) == 0 &&
           (version.size() == base.size() || version[base.size()] == '-' || version[base.size()] == '+');
}

// Structs pass by value and carry no version. Defaults that stand at both ends of each say whether they are laid out
// as in the headers that this was compiled with.
bool laid_out_as_compiled() {
    const llama_context_params context = llama_context_default_params();
    const llama_model_params model = llama_model_default_params();
    return context.n_ctx == 512 && context.n_batch == 2048 && context.n_ubatch == 512 && context.n_seq_max == 1 &&
           context.n_outputs_max == 0 && context.n_outputs_max_per_seq == 1 &&
           context.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_AUTO && context.type_k == GGML_TYPE_F16 &&
           context.type_v == GGML_TYPE_F16 && context.offload_kqv && context.no_perf && context.op_offload &&
           !context.kv_unified && context.samplers == nullptr && context.ctx_other == nullptr &&
           model.devices == nullptr && model.n_gpu_layers == -1 && model.split_mode == LLAMA_SPLIT_MODE_LAYER &&
           model.main_gpu == 0 && model.tensor_split == nullptr && model.kv_overrides == nullptr &&
           !model.vocab_only && !model.check_tensors && model.use_extra_bufts && !model.no_alloc;
}

// The version function alone is looked up by hand: only of the right version may any other be called.
void check_version(void * library) {
    using Version = const char * (*)();
    const auto version = reinterpret_cast<Version>(dlsym(library, "llama_version"));
    const std::string found = version == nullptr ? "none that it tells" : version();
    if (!wanted(found)) {
        throw Failure(LIBRARY_VERSION, "found llama.cpp " + found + ", wanted " LLAMA_WANTED_VERSION);
    }
}

} // namespace

void require_library() {
    if (!opened) {
        throw Failure(LIBRARY_UNAVAILABLE, "llama.cpp's library is not open");
    }
}

extern "C" {

JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_LlamaLibrary_open(
        JNIEnv * env, jclass, jbyteArray library, jbyteArray folder) {
    return guarded([&]() -> jlong {
        const std::string file = path(env, library);
        const std::string backends = path(env, folder);
        std::lock_guard<std::mutex> lock(opening);
        if (opened) {
            throw Failure(LIBRARY_UNAVAILABLE, "llama.cpp's library is already open, from " + opened_folder);
        }
        // GLOBAL, or the symbols that this library leaves open are not found in it.
        void * const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
        if (handle == nullptr) {
            throw Failure(LIBRARY_UNAVAILABLE, dlerror());
        }
        try {
            check_version(handle);
        } catch (...) {
            dlclose(handle);
            throw;
        }
        if (!laid_out_as_compiled()) {
            throw Failure(LIBRARY_VERSION, "llama.cpp's structs differ from those of " LLAMA_WANTED_VERSION);
        }
        llama_log_set(on_log, nullptr);
        llama_backend_init();
        load_backends(backends);
        if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
            throw Failure(LIBRARY_UNAVAILABLE, "no ggml back end for this CPU in " + backends);
        }
        opened_folder = backends;
        opened = true;
        return 0;
    });
}

JNIEXPORT jbyteArray JNICALL Java_dev_millrace_worker_llama_LlamaLibrary_openVersion(JNIEnv * env, jclass) {
    const char * const version = opened ? llama_version() : "";
    const jsize size = static_cast<jsize>(std::char_traits<char>::length(version));
    const jbyteArray array = env->NewByteArray(size);
    if (array != nullptr) {
        env->SetByteArrayRegion(array, 0, size, reinterpret_cast<const jbyte *>(version));
    }
    return array;
}

// Why the last native method of this thread failed.
JNIEXPORT jbyteArray JNICALL Java_dev_millrace_worker_llama_LlamaLibrary_lastFailure(JNIEnv * env, jclass) {
    const jsize size = static_cast<jsize>(last_failure.size());
    const jbyteArray array = env->NewByteArray(size);
    if (array != nullptr) {
        env->SetByteArrayRegion(array, 0, size, reinterpret_cast<const jbyte *>(last_failure.data()));
    }
    return array;
}

} // extern "C"
