package dev.millrace.worker.engine;

import java.util.Arrays;

/** What one sequence of the device's KV cache holds. Owned by the engine's thread. */
final class Sequence {
    private final int id;
    private final int adapter;
    private int[] tokens;
    private int length;

    /**
     * @param adapter what it is computed with
     * @param tokens what it holds and will come to hold; the array may grow in content, but what is held does not change
     * @param length how many of them it holds
     */
    Sequence(int id, int adapter, int[] tokens, int length) {
        this.id = id;
        this.adapter = adapter;
        this.tokens = tokens;
        this.length = length;
    }

    int id() {
        return id;
    }

    int length() {
        return length;
    }

    /** What it holds. */
    TokenPrefix held() {
        return new TokenPrefix(adapter, tokens, length);
    }

    /** The next token is in the next step. */
    void append() {
        length++;
    }

    /** The token that was drawn last came with the step: it had been guessed. */
    void reach(int length) {
        this.length = length;
    }

    /** Nobody will append: lets go of the array that it was filled from. */
    void settle() {
        tokens = Arrays.copyOf(tokens, length);
    }
}
