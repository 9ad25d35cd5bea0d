package dev.millrace.worker.llama;

/**
 * A device that turns tokens into next tokens, for several sequences at once.
 *
 * <p>Owned by one thread, the one that opened it; any other is refused with an {@link IllegalStateException}. The
 * rows of a sequence have consecutive positions: each must stand where the sequence ends, which {@link #release}
 * moves back. What a sequence holds was computed with the adapter of its rows, and only rows with the same one may
 * follow: that is the caller's to see to. A call that throws {@link LlamaException} with {@link LlamaError#KV_CACHE_FULL} or
 * {@link LlamaError#INVALID_ARGUMENT} has changed nothing; after any other the decoder must be closed.
 */
public interface Decoder extends AutoCloseable {
    /** The number of none. */
    int NO_ADAPTER = 0;

    /** Sequences that can be in the KV cache at once: their ids are 0 to this, exclusive. */
    int sequences();

    /** Tokens that the KV cache holds, all sequences together. */
    int kvCells();

    /** The most rows that one {@link Batch} may have. */
    int batchTokens();

    /** Gives a sequence its sampling, before its first row, and forgets what the sequence held until now. */
    void admit(int sequence, SamplerSettings settings);

    /**
     * Keeps the first {@code length} tokens of a sequence in the KV cache and frees the rest; 0 frees all. The
     * sampling settings stay.
     */
    void release(int sequence, int length);

    /** Lets an empty sequence begin with the first {@code length} tokens of another. In one pool that takes no cells. */
    void share(int from, int to, int length);

    /** Cells that these sequences hold together. What some of them share counts once. */
    int cellsOf(int... sequences);

    /**
     * Whether the KV cache is host memory. Then {@link #save} is a copy within it, and every row of a step walks over the
     * cells of all sequences, so that those which nobody uses cost time.
     */
    boolean inHostMemory();

    /** Bytes of host memory that {@link #save} takes for this sequence. */
    long savedBytes(int sequence);

    /**
     * Copies what a sequence holds to host memory, where it stays until {@link #forget} or {@link #close}.
     *
     * @return its name for {@link #restore} and {@link #forget}
     */
    long save(int sequence);

    /** Gives an empty sequence what was saved; it takes new cells. */
    void restore(long saved, int sequence);

    /** Frees the host memory of what was saved. */
    void forget(long saved);

    /** Decodes all rows with the batch's adapter, samples after the output rows, and writes the results into the batch. */
    void step(Batch batch);

    /**
     * The same, but where a lone row needs company anyhow, that may be a guess of the token that will be drawn after it.
     * Where just that is drawn, the batch has a row and an output more: that of the token after it. The tokens are the
     * same as one by one. A token that ends the generation is not guessed.
     */
    default void stepGuessing(Batch batch) {
        step(batch);
    }

    /** Frees the device's memory. Idempotent. */
    @Override
    void close();
}
