#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "GgufReader.h"
#include "Writer.h"
#include "jvm.h"
#include "library.h"

namespace {

constexpr size_t LONGEST_TEXT = 1000;

int64_t file_bytes(const std::string & file) {
    struct stat status;
    if (stat(file.c_str(), &status) != 0) {
        throw Failure(FILE_UNREADABLE, std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        throw Failure(FILE_UNREADABLE, "not a file");
    }
    std::unique_ptr<FILE, int (*)(FILE *)> opened(std::fopen(file.c_str(), "rb"), std::fclose);
    if (!opened) {
        throw Failure(FILE_UNREADABLE, std::strerror(errno));
    }
    return status.st_size;
}

// As text_of, for whole numbers.
int64_t number_of(const gguf_context * gguf, const std::string & key) {
    const int64_t id = gguf_find_key(gguf, key.c_str());
    if (id < 0) {
        return 0;
    }
    switch (gguf_get_kv_type(gguf, id)) {
        case GGUF_TYPE_UINT16: return gguf_get_val_u16(gguf, id);
        case GGUF_TYPE_UINT32: return gguf_get_val_u32(gguf, id);
        case GGUF_TYPE_INT32: return gguf_get_val_i32(gguf, id);
        case GGUF_TYPE_UINT64: return static_cast<int64_t>(gguf_get_val_u64(gguf, id));
        default: return 0;
    }
}

// Reading the head alone does not notice that the data behind it is cut off.
void check_whole(const gguf_context * gguf, int64_t bytes) {
    const uint64_t data = gguf_get_data_offset(gguf);
    for (int64_t i = 0; i < gguf_get_n_tensors(gguf); i++) {
        const uint64_t end = data + gguf_get_tensor_offset(gguf, i) + gguf_get_tensor_size(gguf, i);
        if (end > static_cast<uint64_t>(bytes)) {
            throw Failure(FILE_DAMAGED, "the file ends at byte " + std::to_string(bytes) + ", inside tensor " +
                                            gguf_get_tensor_name(gguf, i));
        }
    }
}

} // namespace

// llama.cpp's getters abort on a key of another type, so each is asked for its type first.
std::string text_of(const gguf_context * gguf, const std::string & key) {
    const int64_t id = gguf_find_key(gguf, key.c_str());
    const bool found = id >= 0 && gguf_get_kv_type(gguf, id) == GGUF_TYPE_STRING;
    return found ? std::string(gguf_get_val_str(gguf, id)).substr(0, LONGEST_TEXT) : "";
}

GgufSummary read_gguf(const std::string & file) {
    GgufSummary summary;
    summary.bytes = file_bytes(file);
    const std::unique_ptr<gguf_context, FreeGguf> gguf(gguf_init_from_file(file.c_str(), {/*no_alloc=*/true, nullptr}));
    if (!gguf) {
        throw Failure(FILE_DAMAGED, "not a whole GGUF file");
    }
    check_whole(gguf.get(), summary.bytes);
    summary.architecture = text_of(gguf.get(), "general.architecture");
    summary.name = text_of(gguf.get(), "general.name");
    summary.context_tokens = number_of(gguf.get(), summary.architecture + ".context_length");
    summary.tensors = gguf_get_n_tensors(gguf.get());
    if (summary.architecture.empty() || summary.tensors == 0) {
        throw Failure(MODEL_UNSUPPORTED, "a GGUF file, but not a model");
    }
    if (number_of(gguf.get(), "split.count") > 1) {
        throw Failure(MODEL_UNSUPPORTED, "the model is split over several files; join them with llama-gguf-split --merge");
    }
    for (int64_t i = 0; i < summary.tensors; i++) {
        const ggml_type type = gguf_get_tensor_type(gguf.get(), i);
        auto & count = summary.types[ggml_type_name(type)];
        count.tensors++;
        count.quantized = ggml_is_quantized(type);
    }
    return summary;
}

extern "C" JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_GgufReader_inspect(
        JNIEnv * env, jclass, jbyteArray file, jobject out, jint size) {
    return guarded([&]() -> jlong {
        require_library();
        Writer writer(memory<char>(env, out, size), size);
        const GgufSummary summary = read_gguf(path(env, file));
        writer.text(summary.architecture);
        writer.text(summary.name);
        writer.number(summary.context_tokens);
        writer.number(summary.bytes);
        writer.number(summary.tensors);
        writer.number(static_cast<int64_t>(summary.types.size()));
        for (const auto & [type, count] : summary.types) {
            writer.text(type);
            writer.number(count.tensors);
            writer.number(count.quantized);
        }
        return 0;
    });
}
