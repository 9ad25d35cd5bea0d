// What the native methods need of JNI: strings as UTF-8 bytes, checked direct buffers, and what lies in them.
#pragma once

#include <jni.h>

#include <cstdint>
#include <string>
#include <vector>

#include "Sampling.h"
#include "errors.h"

inline std::string bytes(JNIEnv * env, jbyteArray array) {
    if (array == nullptr) {
        throw Failure(INVALID_ARGUMENT, "no text given");
    }
    std::string text(static_cast<size_t>(env->GetArrayLength(array)), '\0');
    env->GetByteArrayRegion(array, 0, static_cast<jsize>(text.size()), reinterpret_cast<jbyte *>(&text[0]));
    return text;
}

inline std::vector<int32_t> ints(JNIEnv * env, jintArray array) {
    if (array == nullptr) {
        throw Failure(INVALID_ARGUMENT, "no numbers");
    }
    std::vector<int32_t> numbers(static_cast<size_t>(env->GetArrayLength(array)));
    env->GetIntArrayRegion(array, 0, static_cast<jsize>(numbers.size()), numbers.data());
    return numbers;
}

// File names end at a zero byte for the system, so one inside would name another file.
inline std::string path(JNIEnv * env, jbyteArray array) {
    std::string text = bytes(env, array);
    if (text.empty() || text.find('\0') != std::string::npos) {
        throw Failure(INVALID_ARGUMENT, "bad file name");
    }
    return text;
}

// The memory of a direct buffer of at least so many items, aligned for T. The items are the buffer's own, not bytes.
template <typename T> T * memory(JNIEnv * env, jobject buffer, int64_t items) {
    void * address = buffer == nullptr ? nullptr : env->GetDirectBufferAddress(buffer);
    if (address == nullptr || reinterpret_cast<uintptr_t>(address) % alignof(T) != 0) {
        throw Failure(INVALID_ARGUMENT, "not an aligned direct buffer");
    }
    if (items < 0 || env->GetDirectBufferCapacity(buffer) < items) {
        throw Failure(INVALID_ARGUMENT, "buffer too small");
    }
    return static_cast<T *>(address);
}

inline Sampling sampling_from(JNIEnv * env, jobject buffer) {
    const char * const settings = memory<char>(env, buffer, 0);
    return Sampling::read(settings, env->GetDirectBufferCapacity(buffer));
}
