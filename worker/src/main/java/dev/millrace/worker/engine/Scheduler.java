package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who gets how many tokens of the next step. A prompt is admitted, first come first served, when a sequence is free
 * and the KV cache has room for all that it may come to need, so the cache cannot run full. One that must be alone waits
 * until nothing runs, and what comes behind it until it is on its way. In a step every stream that decodes has its one row first; what is left goes to prefill in chunks, in the order of admission.
 *
 * <p>Owned by the engine's thread. Touches the device only to admit and release sequences.
 */
final class Scheduler {
    /** How soon to look again whether a completion may start whose listener waits for something. */
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Pace pace;
    private final Deque<Slot> waiting = new ArrayDeque<>();
    /** In the order of admission. */
    private final List<Slot> running = new ArrayList<>();

    private Decoder decoder;
    private Batch batch;
    private @Nullable Slot[] bySequence;
    private int freeCells;

    Scheduler(Decoder decoder, Pace pace) {
        this.pace = pace;
        this.decoder = decoder;
        this.batch = new Batch(decoder.batchTokens());
        this.bySequence = new Slot[decoder.sequences()];
        this.freeCells = decoder.kvCells();
    }

    void enqueue(Slot slot) {
        slot.replay();
        if (!slot.finished()) {
            waiting.add(slot);
        }
    }

    /** Gives waiting prompts a sequence for as long as there is room; the lowest free id, as the KV cache likes it. */
    void admit(long nowNanos) {
        while (!waiting.isEmpty()
                && hasRoomFor(waiting.element())
                && waiting.element().ready()) {
            Slot slot = waiting.remove();
            int sequence = lowestFreeSequence();
            decoder.admit(sequence, slot.sampler());
            slot.admit(sequence, nowNanos);
            bySequence[sequence] = slot;
            running.add(slot);
            freeCells -= slot.cells();
        }
    }

    private boolean hasRoomFor(Slot slot) {
        boolean alone = slot.alone() || running.stream().anyMatch(Slot::alone);
        return running.size() < (alone ? 1 : bySequence.length) && slot.cells() <= freeCells;
    }

    /** Ends what is past its deadline, waiting or running. */
    void expire(long nowMs) {
        Consumer<Slot> expire = slot -> {
            if (slot.expired(nowMs)) {
                slot.finish(FinishReason.EXPIRED, null);
            }
        };
        waiting.forEach(expire);
        running.forEach(expire);
    }

    /** The rows of the next step; none where no slot is due. The batch is the scheduler's and reused. */
    Batch plan(long nowNanos) {
        batch.clear();
        for (Slot slot : running) {
            if (slot.pending() == 1 && pace.untilDue(slot, nowNanos) <= 0) {
                slot.fill(batch, 1);
            }
        }
        for (Slot slot : running) {
            if (slot.pending() > 1 && batch.size() < batch.capacity()) {
                slot.fill(batch, batch.capacity() - batch.size());
            }
        }
        return batch;
    }

    /** Hands the tokens that a step drew to their slots. */
    void accept(Batch batch, long nowNanos) {
        for (int output = 0; output < batch.outputs(); output++) {
            Slot slot = bySequence[batch.outputSequence(output)];
            if (slot == null) {
                throw new IllegalStateException("no slot has sequence " + batch.outputSequence(output));
            }
            slot.accept(batch, output, nowNanos);
        }
    }

    /** Takes out what has finished and frees what it held. */
    List<Slot> retire() {
        List<Slot> finished = Stream.concat(waiting.stream(), running.stream())
                .filter(Slot::finished)
                .toList();
        waiting.removeIf(Slot::finished);
        finished.stream().filter(running::contains).forEach(this::release);
        return finished;
    }

    /** Ends a completion, wherever it is; it is taken out when the finished retire. */
    void cancel(GenerationRequest request) {
        Stream.concat(waiting.stream(), running.stream())
                .filter(slot -> slot.request().equals(request))
                .forEach(slot -> slot.finish(FinishReason.CANCELLED, null));
    }

    /** Takes a completion out, wherever it is, without a word to its listener. */
    void drop(GenerationRequest request) {
        waiting.removeIf(slot -> slot.request().equals(request));
        running.stream().filter(slot -> slot.request().equals(request)).toList().forEach(this::release);
    }

    /** The device has failed: what runs there ends in an error, what waits goes to the new one. */
    List<Slot> moveTo(Decoder replacement, Failure failure) {
        List<Slot> failed = List.copyOf(running);
        failed.forEach(slot -> slot.finish(FinishReason.ERROR, failure));
        running.clear();
        decoder = replacement;
        batch = new Batch(replacement.batchTokens());
        bySequence = new Slot[replacement.sequences()];
        freeCells = replacement.kvCells();
        return failed;
    }

    private void release(Slot slot) {
        running.remove(slot);
        bySequence[slot.sequence()] = null;
        freeCells += slot.cells();
        decoder.release(slot.sequence(), 0);
    }

    /** Nanoseconds until there is something to do; {@link Long#MAX_VALUE} where nothing runs or is about to. */
    long untilDue(long nowNanos) {
        boolean announcing = !waiting.isEmpty() && waiting.element().announcing();
        long least = announcing ? LOOK_AGAIN_NANOS : Long.MAX_VALUE;
        for (Slot slot : running) {
            least = Math.min(least, slot.pending() > 1 ? 0 : pace.untilDue(slot, nowNanos));
        }
        return least;
    }

    EngineLoad load() {
        return new EngineLoad(running.size(), waiting.size(), freeCells, decoder.kvCells());
    }

    private int lowestFreeSequence() {
        int sequence = 0;
        while (bySequence[sequence] != null) {
            sequence++;
        }
        return sequence;
    }
}
