// The devices that llama.cpp's libraries found, their memory, and why the CUDA library is of no use where it is not.
#pragma once

#include <ggml-backend.h>

#include <cstdint>
#include <string>
#include <vector>

// Bytes; 0 where it is not known.
struct DeviceMemory {
    int64_t free = 0;
    int64_t total = 0;
};

// Loads every back end in a folder. ggml skips one that does not load and says nothing: for CUDA the reason is kept.
void load_backends(const std::string & folder);

// In the order of their numbers.
std::vector<ggml_backend_dev_t> gpus();

// The device's, or the host's for null.
DeviceMemory memory_of(ggml_backend_dev_t gpu);
