package dev.millrace.worker.engine;

import java.util.Arrays;

/** What one sequence of the device's KV cache holds. Owned by the engine's thread. */
final class Sequence {
    private final int id;
    private int[] tokens;
    private int length;

    /**
     * @param tokens what it holds and will come to hold; the array may grow in content, but what is held does not change
     * @param length how many of them it holds
     */
    Sequence(int id, int[] tokens, int length) {
        this.id = id;
        this.tokens = tokens;
        this.length = length;
    }

    int id() {
        return id;
    }

    int length() {
        return length;
    }

    /** The tokens that it holds; exactly as long once it is idle. */
    int[] tokens() {
        return tokens;
    }

    /** The next token is in the next step. */
    void append() {
        length++;
    }

    /** Nobody will append: lets go of the array that it was filled from. */
    void settle() {
        tokens = Arrays.copyOf(tokens, length);
    }
}
