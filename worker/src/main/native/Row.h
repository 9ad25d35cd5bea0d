// One row of a step.
#pragma once

#include <cstdint>

// As in Batch.java.
struct Row {
    int32_t sequence;
    int32_t token;
    int32_t position;
    int32_t index; // of the token that is drawn after it; below 0: none is
};
