// How fast a device copies its own memory, by ggml's own means: what it reads and writes, in bytes a second.
//
// CopySpeed FOLDER-OF-LIBRARIES DEVICE MIB
//
// The device is cpu or a GPU's number. Prints the median of several copies of so many MiB.
#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

namespace {

constexpr int COPIES = 21;

ggml_backend_dev_t find(const std::string & name) {
    if (name == "cpu") {
        return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    }
    int number = std::stoi(name);
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        const ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU && number-- == 0) {
            return device;
        }
    }
    return nullptr;
}

} // namespace

int main(int count, char ** arguments) {
    if (count != 4) {
        std::cerr << "usage: CopySpeed FOLDER-OF-LIBRARIES DEVICE MIB\n";
        return 2;
    }
    ggml_backend_load_all_from_path(arguments[1]);
    const ggml_backend_dev_t device = find(arguments[2]);
    if (device == nullptr) {
        std::cerr << "no device " << arguments[2] << '\n';
        return 1;
    }
    const int64_t bytes = std::stoll(arguments[3]) << 20;
    ggml_context * const context = ggml_init({2 * ggml_tensor_overhead(), nullptr, true});
    ggml_tensor * const from = ggml_new_tensor_1d(context, GGML_TYPE_I8, bytes);
    ggml_tensor * const to = ggml_new_tensor_1d(context, GGML_TYPE_I8, bytes);
    const ggml_backend_buffer_t buffer =
        ggml_backend_alloc_ctx_tensors_from_buft(context, ggml_backend_dev_buffer_type(device));
    if (buffer == nullptr) {
        std::cerr << "no memory for two times " << arguments[3] << " MiB\n";
        return 1;
    }
    ggml_backend_buffer_clear(buffer, 1);
    std::vector<double> seconds;
    for (int copy = 0; copy < COPIES; copy++) {
        const auto begin = std::chrono::steady_clock::now();
        ggml_backend_tensor_copy(from, to);
        seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(seconds.begin(), seconds.end());
    std::cout << static_cast<int64_t>(2.0 * static_cast<double>(bytes) / seconds[COPIES / 2]) << std::endl;
    return 0;
}
