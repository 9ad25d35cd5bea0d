// How a native method fails: it returns the negative code of LlamaError, and the message waits in the thread.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

enum Error {
    INVALID_ARGUMENT = 1,
    CLOSED = 2,
    KV_CACHE_FULL = 3,
    DECODE_FAILED = 4,
    NOT_A_NUMBER = 5,
    OUT_OF_MEMORY = 6,
    FILE_UNREADABLE = 7,
    FILE_DAMAGED = 8,
    MODEL_UNSUPPORTED = 9,
    LOAD_ABORTED = 10,
    DEVICE_UNAVAILABLE = 11,
    LIBRARY_UNAVAILABLE = 12,
    LIBRARY_VERSION = 13,
    INTERNAL = 14,
};

struct Failure : std::runtime_error {
    Failure(Error error, const std::string & message) : std::runtime_error(message), error(error) {}
    Error error;
};

// Both belong to the thread: what llama.cpp logged during the call, and why the last call failed.
inline thread_local std::string log_lines;
inline thread_local std::string last_failure;

inline long long failed(Error error, const char * why) {
    last_failure = why;
    if (!log_lines.empty()) {
        last_failure += "; llama.cpp: " + log_lines;
    }
    return -static_cast<long long>(error);
}

// Runs the body of a native method. No C++ exception gets out of here.
template <typename Body> long long guarded(Body && body) {
    log_lines.clear();
    try {
        return body();
    } catch (const Failure & failure) {
        return failed(failure.error, failure.what());
    } catch (const std::bad_alloc &) {
        return failed(OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception & exception) {
        return failed(INTERNAL, exception.what());
    } catch (...) {
        return failed(INTERNAL, "unknown C++ exception");
    }
}
