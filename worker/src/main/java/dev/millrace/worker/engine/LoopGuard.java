package dev.millrace.worker.engine;

/**
 * Whether a completion has come to repeat itself: it ends with one cycle of tokens over and over, at least
 * {@link #LEAST_REPEATS} times and for at least {@link #LEAST_TOKENS} tokens in all. So a single token has to come 256
 * times in a row, and a paragraph of a hundred tokens four times. Only exact repeats count: rows that differ in a number
 * are a list or a table.
 *
 * <p>A function of the completion's tokens alone, so whoever continues a completion ends it at the same token. Takes
 * {@link #LONGEST_CYCLE} comparisons a token at most. Owned by the engine's thread.
 */
final class LoopGuard {
    /** Tokens of a cycle; what comes back after more than these is not seen. A power of two. */
    static final int LONGEST_CYCLE = 512;

    static final int LEAST_TOKENS = 256;
    static final int LEAST_REPEATS = 4;

    /** The last tokens; that of index i at i modulo the length. */
    private final int[] recent = new int[LONGEST_CYCLE];
    /** By length of the cycle: how many of the last tokens, one after the other, are those of one cycle before. */
    private final int[] matching = new int[LONGEST_CYCLE + 1];

    private int index;
    private boolean repeats;

    /** The completion's next token. */
    void accept(int token) {
        boolean found = false;
        int longest = Math.min(LONGEST_CYCLE, index);
        for (int cycle = 1; cycle <= longest; cycle++) {
            matching[cycle] = recent[(index - cycle) & (LONGEST_CYCLE - 1)] == token ? matching[cycle] + 1 : 0;
            found |= matching[cycle] + cycle >= Math.max(LEAST_TOKENS, LEAST_REPEATS * cycle);
        }
        recent[index++ & (LONGEST_CYCLE - 1)] = token;
        repeats = found;
    }

    /** Whether the tokens so far end in a loop. */
    boolean repeats() {
        return repeats;
    }
}
