package dev.millrace.worker.engine;

import java.util.Arrays;

/** The beginning that two rows of tokens have in common. */
final class TokenPrefix {
    private TokenPrefix() {}

    /** Tokens that the first {@code length} of the one and the first {@code otherLength} of the other begin with. */
    static int common(int[] tokens, int length, int[] other, int otherLength) {
        int mismatch = Arrays.mismatch(tokens, 0, length, other, 0, otherLength);
        return mismatch < 0 ? length : mismatch;
    }
}
