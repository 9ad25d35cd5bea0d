package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.SamplerSettings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The sequences in the device's KV cache. Those that somebody generates with are in use. The others are idle: kept
 * because a later prompt may begin with their tokens, and evicted, the least recently used first, when room is needed;
 * to host memory where that has room. Where the KV cache is host memory too, they go there at once as long as nothing has
 * to be forgotten for them, since a step takes the longer the more cells there are.
 *
 * <p>What is reused is found by its token ids and its adapter and by nothing else, and shared, not copied: a beginning that many
 * sequences have in common takes its cells once. Owned by the engine's thread.
 */
final class KvCache {
    private final Decoder decoder;
    private final HostCache host;
    private final BitSet ids = new BitSet();
    private final List<Sequence> inUse = new ArrayList<>();
    /** The least recently used first. */
    private final Deque<Sequence> idle = new ArrayDeque<>();

    KvCache(Decoder decoder, long hostBytes) {
        this.decoder = decoder;
        this.host = new HostCache(decoder, hostBytes);
    }

    /** Of these tokens, how many a sequence in use holds. */
    int heldInUse(TokenPrefix wanted) {
        return common(longest(inUse.stream(), wanted), wanted);
    }

    /** Of these tokens, how many need not be computed. */
    int held(TokenPrefix wanted) {
        HostCache.Saved saved = host.worthBringing(wanted);
        int onDevice = common(longest(onDevice(), wanted), wanted);
        return saved == null ? onDevice : Math.max(onDevice, saved.held().common(wanted));
    }

    /**
     * A sequence that holds as many of these tokens as were found. There must be fewer than {@link #mostInUse} in use.
     */
    Sequence open(TokenPrefix wanted, SamplerSettings sampler) {
        Sequence source = source(wanted);
        Sequence opened = new Sequence(freeId(source), wanted.adapter(), wanted.tokens(), common(source, wanted));
        decoder.admit(opened.id(), sampler);
        if (source != null) {
            decoder.share(source.id(), opened.id(), opened.length());
            settle(source, opened.length());
        }
        inUse.add(opened);
        return opened;
    }

    /** It is not in use any more, but what it holds may be of use later. */
    void park(Sequence sequence) {
        inUse.remove(sequence);
        sequence.settle();
        idle.removeIf(older -> isBeginning(older, sequence) && free(older));
        if (sequence.length() > 0) {
            idle.add(sequence);
            makeWay(sequence);
        } else {
            free(sequence);
        }
    }

    /** Of what is idle and was shared nothing is left to keep where all of it was. */
    private void settle(Sequence source, int shared) {
        if (!idle.contains(source)) {
            return;
        }
        if (shared == source.length()) {
            idle.remove(source);
            free(source);
        } else {
            makeWay(source);
        }
    }

    private void makeWay(Sequence unused) {
        if (decoder.inHostMemory() && host.hasRoomFor(unused)) {
            evict(unused);
        }
    }

    /** Evicts what is idle until so many cells are free; false where there are too few. */
    boolean makeRoom(int cells) {
        while (freeCells() < cells && !idle.isEmpty()) {
            evict(idle.element());
        }
        return freeCells() >= cells;
    }

    /** Cells that hold nothing. */
    int freeCells() {
        return decoder.kvCells() - cellsOf(onDevice());
    }

    /** Cells that hold nothing, or nothing that is in use. */
    int availableCells() {
        return decoder.kvCells() - cellsOf(inUse.stream());
    }

    /** Sequences that can be in use at once. One id is kept for what the next may begin with. */
    int mostInUse() {
        return decoder.sequences() - 1;
    }

    /** Frees all that is idle, in host memory too. */
    void clear() {
        idle.forEach(this::free);
        idle.clear();
        host.clear();
    }

    /** What begins most like these tokens, brought in from host memory where that has more of them. */
    private @Nullable Sequence source(TokenPrefix wanted) {
        HostCache.Saved saved = host.worthBringing(wanted);
        int onDevice = common(longest(onDevice(), wanted), wanted);
        if (saved != null
                && saved.held().common(wanted) > onDevice
                && makeRoom(saved.held().length())) {
            int id = freeId(null);
            if (host.bring(saved, id)) {
                TokenPrefix held = saved.held();
                idle.add(new Sequence(id, held.adapter(), held.tokens(), held.length()));
            } else {
                ids.clear(id);
            }
        }
        return longest(onDevice(), wanted);
    }

    private int freeId(@Nullable Sequence keep) {
        if (ids.cardinality() == decoder.sequences()) {
            evict(idle.stream().filter(sequence -> sequence != keep).findFirst().orElseThrow());
        }
        int id = ids.nextClearBit(0);
        ids.set(id);
        return id;
    }

    private void evict(Sequence sequence) {
        host.save(sequence);
        idle.remove(sequence);
        free(sequence);
    }

    private boolean free(Sequence sequence) {
        decoder.release(sequence.id(), 0);
        ids.clear(sequence.id());
        return true;
    }

    private Stream<Sequence> onDevice() {
        return Stream.concat(inUse.stream(), idle.stream());
    }

    private int cellsOf(Stream<Sequence> sequences) {
        return decoder.cellsOf(sequences.mapToInt(Sequence::id).toArray());
    }

    private static @Nullable Sequence longest(Stream<Sequence> sequences, TokenPrefix wanted) {
        return sequences
                .filter(sequence -> common(sequence, wanted) > 0)
                .max(Comparator.comparingInt(sequence -> common(sequence, wanted)))
                .orElse(null);
    }

    private static int common(@Nullable Sequence sequence, TokenPrefix wanted) {
        return sequence == null ? 0 : sequence.held().common(wanted);
    }

    private static boolean isBeginning(Sequence older, Sequence sequence) {
        return common(older, sequence.held()) == older.length();
    }
}
