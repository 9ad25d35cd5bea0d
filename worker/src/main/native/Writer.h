// Writes for Java, into a direct buffer: numbers of 8 bytes in the machine's order, texts as their length and UTF-8.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "errors.h"

class Writer {
public:
    Writer(char * out, int64_t size) : at(out), end(out + size) {}

    void number(int64_t value) { raw(&value, sizeof value); }

    void text(const std::string & value) {
        number(static_cast<int64_t>(value.size()));
        raw(value.data(), value.size());
    }

private:
    void raw(const void * from, size_t size) {
        if (static_cast<size_t>(end - at) < size) {
            throw Failure(INVALID_ARGUMENT, "buffer too small");
        }
        std::memcpy(at, from, size);
        at += size;
    }

    char * at;
    char * end;
};
