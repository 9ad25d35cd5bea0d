// NVIDIA's driver library, as far as its version. $FAKE_DRIVER: the newest CUDA that it supports.
#include <cstdlib>

extern "C" int cuDriverGetVersion(int * version) {
    *version = std::atoi(std::getenv("FAKE_DRIVER"));
    return 0;
}
