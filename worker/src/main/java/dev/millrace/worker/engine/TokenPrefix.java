package dev.millrace.worker.engine;

import java.util.Arrays;

/**
 * The tokens that something begins with. Computed with another adapter the same tokens have other keys and values, so
 * they are not the same beginning.
 *
 * @param adapter the number of the one that they are computed with
 * @param tokens not copied; of these the first {@code length}
 */
@SuppressWarnings("ArrayRecordComponent") // never asked whether it equals another
record TokenPrefix(int adapter, int[] tokens, int length) implements Comparable<TokenPrefix> {
    /** By the adapter, then token by token: what begins with the same tokens stands together, the shortest first. */
    @Override
    public int compareTo(TokenPrefix other) {
        return adapter != other.adapter
                ? Integer.compare(adapter, other.adapter)
                : Arrays.compare(tokens, 0, length, other.tokens, 0, other.length);
    }

    /** The first of them. */
    TokenPrefix first(int count) {
        return new TokenPrefix(adapter, tokens, count);
    }

    /** Tokens that both begin with. */
    int common(TokenPrefix other) {
        if (adapter != other.adapter) {
            return 0;
        }
        int mismatch = Arrays.mismatch(tokens, 0, length, other.tokens, 0, other.length);
        return mismatch < 0 ? length : mismatch;
    }
}
