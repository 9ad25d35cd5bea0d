// A CUDA library without CUDA: as much of ggml's back end as is asked for before a model is loaded. Its structs are
// those of ggml-backend-impl.h, which no release installs.
// $FAKE_GPUS: how many there are. $FAKE_FREE_MIB: what each has free, of 24 GiB.
#include <cstddef>
#include <cstdlib>

namespace {

struct Registry {
    int api_version;
    const char * (*name)(Registry *);
    size_t (*devices)(Registry *);
    struct Gpu * (*device)(Registry *, size_t);
    void * (*function)(Registry *, const char *);
    void * context;
};

struct Gpu {
    const char * (*name)(Gpu *);
    const char * (*description)(Gpu *);
    void (*memory)(Gpu *, size_t * free, size_t * total);
    int (*type)(Gpu *);
    void * unused[11];
    Registry * registry;
    void * context;
};

constexpr int API_VERSION = 2;
constexpr int TYPE_GPU = 1;
constexpr size_t MOST = 4;
constexpr size_t MIB = 1 << 20;

size_t number(const char * variable) {
    const char * const value = std::getenv(variable);
    return value == nullptr ? 0 : std::strtoul(value, nullptr, 10);
}

Gpu gpus[MOST];

Registry registry = {
        API_VERSION,
        [](Registry *) { return "CUDA"; },
        [](Registry *) { return number("FAKE_GPUS"); },
        [](Registry *, size_t index) { return &gpus[index]; },
        [](Registry *, const char *) -> void * { return nullptr; },
        nullptr,
};

} // namespace

extern "C" Registry * ggml_backend_init() {
    for (Gpu & gpu : gpus) {
        gpu.name = [](Gpu *) { return "CUDA0"; };
        gpu.description = [](Gpu *) { return "Fake GPU"; };
        gpu.memory = [](Gpu *, size_t * free, size_t * total) {
            *free = number("FAKE_FREE_MIB") * MIB;
            *total = 24 * 1024 * MIB;
        };
        gpu.type = [](Gpu *) { return TYPE_GPU; };
        gpu.registry = &registry;
    }
    return &registry;
}

extern "C" int cudaRuntimeGetVersion(int * version) {
    *version = 13010;
    return 0;
}
