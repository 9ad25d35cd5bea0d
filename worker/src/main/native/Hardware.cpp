#include "Hardware.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "Writer.h"
#include "jvm.h"
#include "library.h"

namespace {

constexpr size_t LONGEST_TEXT = 1000;

// Written by LlamaLibrary.open alone, before anybody may read it.
struct Cuda {
    std::string library; // empty: there is none
    bool loaded = false;
    std::string said; // why it did not load or found no GPU
} cuda;

std::string find_cuda(const std::string & folder) {
    std::error_code error;
    for (const auto & entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind("libggml-cuda", 0) == 0 && entry.path().extension() == ".so") {
            return entry.path().string();
        }
    }
    return "";
}

// Once more, aloud.
std::string why_it_does_not_load(const std::string & library) {
    if (dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
        return dlerror();
    }
    log_lines.clear();
    ggml_backend_load(library.c_str());
    return log_lines;
}

template <typename Function> Function symbol(void * library, const char * name) {
    return library == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(library, name));
}

// As CUDA counts: 13010 is 13.1. The driver's is the newest that it supports. 0: not known.
int version(void * library, const char * function) {
    using Version = int (*)(int *);
    const auto ask = symbol<Version>(library, function);
    int version = 0;
    return ask != nullptr && ask(&version) == 0 ? version : 0;
}

int driver_version() {
    return version(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL), "cuDriverGetVersion");
}

// Of the runtime that the CUDA library brought with it.
int runtime_version() {
    void * const library = cuda.loaded ? dlopen(cuda.library.c_str(), RTLD_NOW | RTLD_NOLOAD) : nullptr;
    return version(library, "cudaRuntimeGetVersion");
}

// The variant that ggml chose for this CPU, by a function that every one has.
std::string cpu_library() {
    const ggml_backend_reg_t cpu = ggml_backend_dev_backend_reg(ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU));
    void * const inside = ggml_backend_reg_get_proc_address(cpu, "ggml_backend_set_n_threads");
    Dl_info info;
    return inside != nullptr && dladdr(inside, &info) != 0 ? info.dli_fname : "";
}

DeviceMemory host_memory() {
    DeviceMemory memory;
    memory.total = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
    std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen("/proc/meminfo", "r"), std::fclose);
    char line[128];
    long long kilobytes = 0;
    while (file && std::fgets(line, sizeof line, file.get())) {
        if (std::sscanf(line, "MemAvailable: %lld", &kilobytes) == 1) {
            memory.free = kilobytes * 1024;
        }
    }
    return memory;
}

void write_memory(Writer & writer, const DeviceMemory & memory) {
    writer.number(memory.free);
    writer.number(memory.total);
}

} // namespace

void load_backends(const std::string & folder) {
    log_lines.clear();
    ggml_backend_load_all_from_path(folder.c_str());
    cuda.library = find_cuda(folder);
    if (!cuda.library.empty()) {
        cuda.said = ggml_backend_reg_by_name("CUDA") != nullptr ? log_lines : why_it_does_not_load(cuda.library);
        cuda.loaded = ggml_backend_reg_by_name("CUDA") != nullptr;
    }
    log_lines.clear();
}

std::vector<ggml_backend_dev_t> gpus() {
    std::vector<ggml_backend_dev_t> found;
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        const ggml_backend_dev_t device = ggml_backend_dev_get(i);
        const auto type = ggml_backend_dev_type(device);
        if (type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU) {
            found.push_back(device);
        }
    }
    return found;
}

DeviceMemory memory_of(ggml_backend_dev_t gpu) {
    if (gpu == nullptr) {
        return host_memory();
    }
    size_t free = 0;
    size_t total = 0;
    ggml_backend_dev_memory(gpu, &free, &total);
    return {static_cast<int64_t>(free), static_cast<int64_t>(total)};
}

extern "C" JNIEXPORT jlong JNICALL Java_dev_millrace_worker_llama_HardwareReader_inspect(
        JNIEnv * env, jclass, jobject out, jint size) {
    return guarded([&]() -> jlong {
        require_library();
        Writer writer(memory<char>(env, out, size), size);
        writer.text(cpu_library());
        write_memory(writer, memory_of(nullptr));
        writer.text(cuda.library);
        writer.number(cuda.loaded);
        writer.text(cuda.said.substr(0, LONGEST_TEXT));
        writer.number(driver_version());
        writer.number(runtime_version());
        const std::vector<ggml_backend_dev_t> found = gpus();
        writer.number(static_cast<int64_t>(found.size()));
        for (const ggml_backend_dev_t gpu : found) {
            writer.text(std::string(ggml_backend_dev_description(gpu)).substr(0, LONGEST_TEXT));
            write_memory(writer, memory_of(gpu));
        }
        return 0;
    });
}
