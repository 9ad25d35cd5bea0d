package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The rows of one step, and what was sampled after those that asked for it.
 *
 * <p>Lives in direct memory that the native side reads and writes in place: per row four ints (sequence, token,
 * position, index), and behind all rows a result per output. Owned by the thread that owns the {@link Decoder}.
 */
public final class Batch {
    /** What is sampled where a grammar allows nothing. */
    public static final int NO_TOKEN = -1;

    static final int ROW_BYTES = 16;
    /** The index of a row after which nothing is sampled. */
    private static final int NO_OUTPUT = -1;

    private final int capacity;
    private final ByteBuffer memory;
    private final Results results;
    /** The row of each output. */
    private final int[] outputRows;

    private int adapter;
    private int size;
    private int outputs;
    private int guessed;

    public Batch(int capacity) {
        if (capacity < 1 || capacity > (1 << 20)) {
            throw new IllegalArgumentException("capacity must be 1 to 1048576, not " + capacity);
        }
        this.capacity = capacity;
        this.memory = ByteBuffer.allocateDirect(capacity * (ROW_BYTES + Results.BYTES))
                .order(ByteOrder.nativeOrder());
        this.results = new Results(memory, capacity * ROW_BYTES);
        this.outputRows = new int[capacity];
    }

    /** Forgets rows and results; the next ones are computed without an adapter. */
    public void clear() {
        clear(Decoder.NO_ADAPTER);
    }

    /** Forgets rows and results; the next ones are computed with this adapter. */
    public void clear(int adapter) {
        this.adapter = adapter;
        size = 0;
        outputs = 0;
        guessed = 0;
    }

    /** The number of the one that all rows are computed with. */
    public int adapter() {
        return adapter;
    }

    public int size() {
        return size;
    }

    public int capacity() {
        return capacity;
    }

    /** Adds a row that goes to the KV cache only. */
    public void add(int sequence, int token, int position) {
        put(sequence, token, position, NO_OUTPUT);
    }

    /** Adds a row after which the token with this index of the completion is sampled. */
    public void addOutput(int sequence, int token, int position, int index) {
        if (index < 0) {
            throw new IllegalArgumentException("index must not be negative: " + index);
        }
        put(sequence, token, position, index);
        outputRows[outputs++] = size - 1;
    }

    /** The token that was sampled after the only row has a row and an output itself: for decoders that guess. */
    public void addGuessed() {
        addOutput(sequence(0), results.token(0), position(0) + 1, index(0) + 1);
        guessed = 1;
    }

    /** Tokens that were not asked for: they come after one that had been guessed. */
    public int guessed() {
        return guessed;
    }

    public int sequence(int row) {
        return memory.getInt(rowOffset(row));
    }

    public int token(int row) {
        return memory.getInt(rowOffset(row) + 4);
    }

    public int position(int row) {
        return memory.getInt(rowOffset(row) + 8);
    }

    /** The index of the token that is sampled after this row; -1 if none is. */
    public int index(int row) {
        return memory.getInt(rowOffset(row) + 12);
    }

    /** Rows after which something is sampled. Outputs are numbered in the order of their rows. */
    public int outputs() {
        return outputs;
    }

    public int outputSequence(int output) {
        return sequence(outputRow(output));
    }

    /** The row after which this output is sampled. */
    public int outputRow(int output) {
        if (output < 0 || output >= outputs) {
            throw new IndexOutOfBoundsException("output " + output + " of " + outputs);
        }
        return outputRows[output];
    }

    /** {@link #NO_TOKEN} where the sequence's grammar allows none: it cannot go on. */
    public int sampledToken(int output) {
        return results.token(existing(output));
    }

    /**
     * Natural logarithm of the token's probability under the model's raw scores, before any sampling setting; NaN where
     * the sequence's settings ask for none.
     */
    public float sampledLogprob(int output) {
        return results.logprob(existing(output));
    }

    /**
     * Whether the sequence's mask has ruled out a token with a better score than all that it allows, after bias and
     * penalties and among what the grammar leaves.
     */
    public boolean masked(int output) {
        return results.masked(existing(output));
    }

    /** The tokens that the model found likeliest under its raw scores, likeliest first: as many as were asked for. */
    public List<TokenLogprob> likeliest(int output) {
        return results.likeliest(existing(output));
    }

    /** Outputs whose whole row of scores was fetched from the device, because its candidates did not suffice. */
    public int fetchedRows() {
        return (int) IntStream.range(0, outputs).filter(results::fetched).count();
    }

    /** Says what was sampled: for decoders that do without the native side. */
    public void sampled(int output, int token, float logprob) {
        results.put(existing(output), token, logprob);
    }

    ByteBuffer memory() {
        return memory;
    }

    private void put(int sequence, int token, int position, int index) {
        if (size == capacity) {
            throw new IllegalStateException("batch is full: " + capacity + " rows");
        }
        int offset = size * ROW_BYTES;
        memory.putInt(offset, sequence)
                .putInt(offset + 4, token)
                .putInt(offset + 8, position)
                .putInt(offset + 12, index);
        size++;
    }

    private int rowOffset(int row) {
        if (row < 0 || row >= size) {
            throw new IndexOutOfBoundsException("row " + row + " of " + size);
        }
        return row * ROW_BYTES;
    }

    private int existing(int output) {
        outputRow(output);
        return output;
    }
}
