package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A device without weights. Its vocabulary is the 256 bytes and one end-of-turn token. What it draws next depends on
 * all tokens of the sequence and on the adapter of each, so a lost, doubled or misplaced token changes the completion,
 * and so does one that was computed with another adapter; it checks that each row stands where its sequence ends.
 */
public final class FakeDecoder implements Decoder {
    public static final int END = 256;
    public static final Vocabulary VOCABULARY = Vocabulary.of(
            IntStream.range(0, 257)
                    .mapToObj(token -> token == END ? new byte[0] : new byte[] {(byte) token})
                    .toList(),
            Map.of("<end>", END),
            List.of(END));

    private final int sequences;
    private final int kvCells;
    private final int batchTokens;
    private final boolean inHostMemory;
    /** Told apart by identity: sequences that share one have it in common. */
    private record Cell(int token, int adapter) {
        /** With no adapter, the token. */
        int content() {
            return token + adapter * 1000;
        }
    }

    private final List<List<Cell>> cells = new ArrayList<>();
    private final Map<Long, List<Cell>> saved = new HashMap<>();
    long saves;
    /** Rows of each step, in order. */
    final List<Integer> stepSizes = new ArrayList<>();
    /** The adapter of each step, in order. */
    final List<Integer> stepAdapters = new ArrayList<>();

    int mostCells;
    boolean closed;
    /** Whether it does, and is always right. */
    boolean guesses;

    public FakeDecoder(int sequences, int kvCells, int batchTokens) {
        this(sequences, kvCells, batchTokens, false);
    }

    FakeDecoder(int sequences, int kvCells, int batchTokens, boolean inHostMemory) {
        this.inHostMemory = inHostMemory;
        this.sequences = sequences;
        this.kvCells = kvCells;
        this.batchTokens = batchTokens;
        IntStream.range(0, sequences).forEach(sequence -> cells.add(new ArrayList<>()));
    }

    /** The letter that follows these tokens. */
    static int next(List<Integer> tokens) {
        return 'a' + Math.floorMod(tokens.hashCode(), 26);
    }

    /** What the device generates alone and undisturbed. */
    public static List<Integer> completion(int[] prompt, int length) {
        return completion(NO_ADAPTER, prompt, length);
    }

    /** The same with an adapter. */
    public static List<Integer> completion(int adapter, int[] prompt, int length) {
        List<Integer> contents = new ArrayList<>();
        Arrays.stream(prompt).forEach(token -> contents.add(new Cell(token, adapter).content()));
        List<Integer> completion = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            int token = next(contents);
            completion.add(token);
            contents.add(new Cell(token, adapter).content());
        }
        return completion;
    }

    @Override
    public int sequences() {
        return sequences;
    }

    @Override
    public int kvCells() {
        return kvCells;
    }

    @Override
    public int batchTokens() {
        return batchTokens;
    }

    @Override
    public boolean inHostMemory() {
        return inHostMemory;
    }

    @Override
    public void admit(int sequence, SamplerSettings settings) {
        release(sequence, 0);
    }

    @Override
    public void release(int sequence, int length) {
        List<Cell> held = cells.get(sequence);
        held.subList(length, held.size()).clear();
    }

    @Override
    public void share(int from, int to, int length) {
        if (!cells.get(to).isEmpty()) {
            throw new IllegalArgumentException("sequence " + to + " is not empty");
        }
        cells.get(to).addAll(cells.get(from).subList(0, length));
    }

    @Override
    public int cellsOf(int... sequences) {
        Set<Cell> held = Collections.newSetFromMap(new IdentityHashMap<>());
        Arrays.stream(sequences).forEach(sequence -> held.addAll(cells.get(sequence)));
        return held.size();
    }

    @Override
    public long savedBytes(int sequence) {
        return cells.get(sequence).size();
    }

    @Override
    public long save(int sequence) {
        saved.put(++saves, List.copyOf(cells.get(sequence)));
        return saves;
    }

    @Override
    public void restore(long from, int sequence) {
        if (!cells.get(sequence).isEmpty()) {
            throw new IllegalArgumentException("sequence " + sequence + " is not empty");
        }
        saved(from).forEach(cell -> cells.get(sequence).add(new Cell(cell.token(), cell.adapter())));
        checkRoom();
    }

    @Override
    public void forget(long from) {
        saved(from);
        saved.remove(from);
    }

    private List<Cell> saved(long from) {
        List<Cell> found = saved.get(from);
        if (found == null) {
            throw new IllegalArgumentException("nothing is saved under " + from);
        }
        return found;
    }

    /** Tokens in host memory. */
    int savedTokens() {
        return saved.values().stream().mapToInt(List::size).sum();
    }

    @Override
    public void step(Batch batch) {
        stepSizes.add(batch.size());
        stepAdapters.add(batch.adapter());
        int output = 0;
        for (int row = 0; row < batch.size(); row++) {
            List<Cell> held = cells.get(batch.sequence(row));
            if (batch.position(row) != held.size()) {
                throw new IllegalArgumentException(
                        "row " + row + " stands at " + batch.position(row) + " and not at " + held.size());
            }
            held.add(new Cell(batch.token(row), batch.adapter()));
            if (batch.index(row) >= 0) {
                batch.sampled(output++, next(held.stream().map(Cell::content).toList()), 0);
            }
        }
        checkRoom();
    }

    @Override
    public void stepGuessing(Batch batch) {
        step(batch);
        if (guesses && batch.size() == 1 && batch.outputs() == 1 && usedCells() < kvCells) {
            batch.addGuessed();
            List<Cell> held = cells.get(batch.sequence(1));
            held.add(new Cell(batch.token(1), batch.adapter()));
            batch.sampled(1, next(held.stream().map(Cell::content).toList()), 0);
            checkRoom();
        }
    }

    private void checkRoom() {
        mostCells = Math.max(mostCells, usedCells());
        if (usedCells() > kvCells) {
            throw new IllegalArgumentException("the KV cache has run full");
        }
    }

    int usedCells() {
        return cellsOf(IntStream.range(0, sequences).toArray());
    }

    @Override
    public void close() {
        closed = true;
    }
}
