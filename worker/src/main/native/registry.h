// The live native objects of one kind. A handle is a number that is never used twice, so a stale one is refused
// instead of being followed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "errors.h"

inline int64_t next_handle() {
    static std::mutex mutex;
    static int64_t last = 0;
    std::lock_guard<std::mutex> lock(mutex);
    return ++last;
}

template <typename T> class Registry {
public:
    int64_t add(std::shared_ptr<T> object) {
        std::lock_guard<std::mutex> lock(mutex);
        const int64_t handle = next_handle();
        objects.emplace(handle, std::move(object));
        return handle;
    }

    std::shared_ptr<T> find(int64_t handle) {
        std::lock_guard<std::mutex> lock(mutex);
        const auto found = objects.find(handle);
        if (found == objects.end()) {
            throw Failure(CLOSED, "closed, or never open");
        }
        return found->second;
    }

    // The object itself goes when the last call that uses it returns.
    void remove(int64_t handle) {
        std::shared_ptr<T> object = find(handle);
        std::lock_guard<std::mutex> lock(mutex);
        objects.erase(handle);
    }

private:
    std::mutex mutex;
    std::unordered_map<int64_t, std::shared_ptr<T>> objects;
};
