package dev.millrace.worker.llama;

/**
 * How much a context can hold and do at once.
 *
 * @param kvCells     tokens in the KV cache, all sequences together
 * @param sequences   sequences in the KV cache, 1 to 254
 * @param batchTokens the most rows of one step
 * @param threads     CPU threads of a step; more than there are free cores make it many times slower
 */
public record ContextSettings(int kvCells, int sequences, int batchTokens, int threads) {
    public ContextSettings {
        require("kvCells", kvCells, 1 << 26);
        require("sequences", sequences, 254);
        require("batchTokens", batchTokens, 1 << 16);
        require("threads", threads, 512);
    }

    private static void require(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(name + " must be 1 to " + most + ", not " + value);
        }
    }
}
