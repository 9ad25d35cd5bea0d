package dev.millrace.worker.llama;

/**
 * How much a context can hold and do at once.
 *
 * @param kvCells     tokens in the KV cache, all sequences together
 * @param sequences   sequences in the KV cache, those that run and those that are kept for later: 1 to 254. Each takes
 *                    memory for one row of scores
 * @param batchTokens the most rows of one step
 * @param threads     CPU threads of a step; more than there are free cores make it many times slower
 * @param exact       whether a CPU takes care that a completion depends on nothing but itself, to the last bit. A lone
 *                    completion has a second row then with each token: a guess, or one that is thrown away
 * @param candidates  whether a row of scores stays on the device where its best blocks suffice to choose the token. Worth
 *                    it on a GPU, whose rows come over a bus; what is chosen is the same
 * @param ownCells    whether each sequence has its part of the cells, and no more, instead of one pool for all. Attention
 *                    then passes by no other sequence's cells, which on a CPU is most of a step of many sequences; the
 *                    beginnings that sequences share are copies
 */
public record ContextSettings(
        int kvCells, int sequences, int batchTokens, int threads, boolean exact, boolean candidates, boolean ownCells) {
    public static final int MOST_SEQUENCES = 254;

    public ContextSettings {
        require("kvCells", kvCells, 1 << 26);
        require("sequences", sequences, MOST_SEQUENCES);
        require("batchTokens", batchTokens, 1 << 16);
        require("threads", threads, 512);
    }

    /** Of whole rows, and one pool of cells. */
    public ContextSettings(int kvCells, int sequences, int batchTokens, int threads, boolean exact) {
        this(kvCells, sequences, batchTokens, threads, exact, false, false);
    }

    /** Exact. */
    public ContextSettings(int kvCells, int sequences, int batchTokens, int threads) {
        this(kvCells, sequences, batchTokens, threads, true);
    }

    private static void require(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(name + " must be 1 to " + most + ", not " + value);
        }
    }
}
