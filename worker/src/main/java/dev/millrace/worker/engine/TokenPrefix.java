package dev.millrace.worker.engine;

import java.util.Arrays;

/**
 * The tokens that something begins with. Computed with another adapter the same tokens have other keys and values, so
 * they are not the same beginning.
 *
 * @param adapter the number of the one that they are computed with
 * @param tokens not copied; of these the first {@code length}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a record
record TokenPrefix(int adapter, int[] tokens, int length) {
    /** Tokens that both begin with. */
    int common(TokenPrefix other) {
        if (adapter != other.adapter) {
            return 0;
        }
        int mismatch = Arrays.mismatch(tokens, 0, length, other.tokens, 0, other.length);
        return mismatch < 0 ? length : mismatch;
    }
}
