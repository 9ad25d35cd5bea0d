package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What runs on the device. A prompt is admitted in the order of the {@link PromptQueue}, when a slot is free and the KV
 * cache has room for its tokens and some more; nobody overtakes the one that is next, so it gets its room in the end.
 * One that must be alone waits until nothing runs, and what comes behind it until it is on its way.
 *
 * <p>When the cache runs full nevertheless, the youngest completion of the lowest priority goes back to the queue. What it
 * had in the cache stays as long as there is room, and it continues from its tokens as if nothing had happened.
 *
 * <p>Who goes when does not depend on the adapter. Those who run with the same one have their steps together, and the
 * adapters take turns.
 *
 * <p>Owned by the engine's thread. All that it asks of the device is to keep sequences.
 */
final class Scheduler {
    /** How soon to look again whether a completion may start whose listener waits for something. */
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A prompt waits for one in prefill with which it has so many first tokens in common. */
    private static final int TOKENS_WORTH_SHARING = 32;

    private final EngineSettings settings;
    private final FairShare share = new FairShare();
    private final PromptQueue waiting = new PromptQueue(share);
    /** In the order of admission. */
    private final List<Slot> running = new ArrayList<>();

    private Decoder decoder;
    private PrefillBudget budget;
    private Batch batch;
    private AdapterTurns turns = new AdapterTurns();
    /** Of the batch. */
    private StepPlan plan;
    /** Whether the batch has another adapter than the one before. */
    private boolean adapterChanges;

    private KvCache cache;
    private @Nullable Slot[] bySequence;

    Scheduler(Decoder decoder, EngineSettings settings) {
        this.settings = settings;
        this.decoder = decoder;
        this.budget = new PrefillBudget(settings.prefillShare(), settings.slots());
        this.batch = new Batch(decoder.batchTokens());
        this.cache = new KvCache(decoder, settings.hostCacheBytes());
        this.bySequence = new Slot[decoder.sequences()];
        this.plan = nothing();
    }

    void enqueue(Slot slot) {
        slot.replay();
        if (!slot.finished()) {
            share.enter(slot.principal());
            waiting.add(slot);
        }
    }

    /** Gives waiting prompts a place on the device for as long as there is room. */
    void admit(long nowNanos) {
        if (waiting.size() == 0) {
            return; // as at most steps
        }
        announce();
        while (running.size() < mostRunning()) {
            Optional<Slot> next = waiting.next(slot -> !awaitsBeginning(slot))
                    .filter(this::hasRoomFor)
                    .filter(Slot::ready);
            if (next.isEmpty()) {
                return;
            }
            Slot slot = next.get();
            waiting.admitted(slot);
            slot.admit(cache, nowNanos);
            bySequence[slot.sequence().id()] = slot;
            running.add(slot);
        }
    }

    /** All that there is room for are announced together: a listener may wait for Kafka, and they come in dozens. */
    private void announce() {
        int places = running.stream().anyMatch(Slot::alone) ? 0 : mostRunning() - running.size();
        int cells = cache.availableCells() - reservedCells();
        for (Slot slot : waiting.inOrder()) {
            cells -= slot.reservedCells();
            if (places-- <= 0 || cells < 0 || slot.alone()) {
                return;
            }
            slot.ready();
        }
    }

    private int mostRunning() {
        return Math.min(settings.slots(), cache.mostInUse());
    }

    private boolean awaitsBeginning(Slot slot) {
        return running.stream().filter(Slot::prefilling).anyMatch(other -> {
            int common = slot.commonWith(other);
            return common >= TOKENS_WORTH_SHARING && common > slot.heldIn(cache);
        });
    }

    private boolean hasRoomFor(Slot slot) {
        boolean alone = slot.alone() || running.stream().anyMatch(Slot::alone);
        return running.size() < (alone ? 1 : mostRunning()) && fits(slot);
    }

    private boolean fits(Slot slot) {
        return reservedCells() + slot.reservedCells() - slot.heldInUse(cache) <= cache.availableCells();
    }

    private int reservedCells() {
        return running.stream().mapToInt(Slot::reservedCells).sum();
    }

    /** Ends what is past its deadline, waiting or running. */
    void expire(long nowMs) {
        all().filter(slot -> slot.expired(nowMs)).forEach(slot -> slot.finish(FinishReason.EXPIRED, null));
    }

    /** The rows of the next step; none where no slot is due. The batch is the scheduler's and reused. */
    Batch plan(long nowNanos) {
        plan = nextPlan(nowNanos);
        while (!cache.makeRoom(plan.leastRows())) {
            preempt();
            plan = nextPlan(nowNanos);
        }
        batch.clear(plan.adapter());
        int rows = Math.min(plan.wantedRows(), batch.capacity());
        cache.makeRoom(rows);
        plan.fill(batch, Math.min(rows, cache.freeCells()), share);
        adapterChanges = rows > 0 && turns.take(plan.adapter());
        return batch;
    }

    /** That of the adapter whose turn it is, of those with which there is something to compute. */
    private StepPlan nextPlan(long nowNanos) {
        TreeMap<Integer, StepPlan> plans = new TreeMap<>();
        for (Slot slot : running) {
            plans.computeIfAbsent(
                    slot.adapter(), adapter -> new StepPlan(adapter, running, budget, settings.pace(), nowNanos));
        }
        plans.values().removeIf(of -> of.wantedRows() == 0);
        return plans.isEmpty() ? nothing() : Objects.requireNonNull(plans.get(turns.next(plans.navigableKeySet())));
    }

    private StepPlan nothing() {
        return new StepPlan(Decoder.NO_ADAPTER, List.of(), budget, settings.pace(), 0);
    }

    private void preempt() {
        Slot youngest = running.stream()
                .reduce((older, younger) -> younger.priority() <= older.priority() ? younger : older)
                .orElseThrow();
        Sequence left = youngest.preempt();
        leave(youngest, left);
        waiting.putBack(youngest);
    }

    /** Its sequence is nobody's now, but what it holds may be of use to others. */
    private void leave(Slot slot, Sequence left) {
        running.remove(slot);
        bySequence[left.id()] = null;
        cache.park(left);
    }

    /**
     * Hands the tokens that a step drew to their slots. What a change of the adapter takes is not held against the rows.
     *
     * @param stepNanos what the device took for it
     */
    void accept(Batch batch, long stepNanos, long nowNanos) {
        if (!adapterChanges) {
            budget.onStep(plan.streams(), plan.prompts(), plan.promptRows(), plan.depth(), stepNanos);
        }
        for (int output = 0; output < batch.outputs(); output++) {
            Slot slot = bySequence[batch.outputSequence(output)];
            if (slot == null) {
                throw new IllegalStateException("no slot has sequence " + batch.outputSequence(output));
            }
            slot.accept(batch, output, nowNanos);
        }
    }

    /** Tells those that have nothing to say yet how far they are. */
    void tellProgress(long nowNanos) {
        if (waiting.stream().anyMatch(slot -> slot.progressDue(nowNanos))) {
            List<Slot> order = waiting.inOrder();
            IntStream.range(0, order.size())
                    .forEach(position -> order.get(position).tellProgress(position, nowNanos));
        }
        running.stream().filter(Slot::prefilling).forEach(slot -> slot.tellProgress(null, nowNanos));
    }

    /** Takes out what has finished and frees what it held. */
    List<Slot> retire() {
        return takeOut(Slot::finished);
    }

    /** Ends a completion, wherever it is; it is taken out when the finished retire. */
    void cancel(GenerationRequest request) {
        all().filter(slot -> slot.request().equals(request)).forEach(slot -> slot.finish(FinishReason.CANCELLED, null));
    }

    /** Takes a completion out, wherever it is, without a word to its listener. */
    void drop(GenerationRequest request) {
        takeOut(slot -> slot.request().equals(request));
    }

    /** The device has failed: what runs there ends in an error, what waits goes to the new one. */
    List<Slot> moveTo(Decoder replacement, Failure failure) {
        List<Slot> failed = List.copyOf(running);
        failed.forEach(slot -> slot.finish(FinishReason.ERROR, failure));
        failed.forEach(slot -> share.leave(slot.principal()));
        running.clear();
        decoder = replacement;
        budget = new PrefillBudget(settings.prefillShare(), settings.slots());
        batch = new Batch(replacement.batchTokens());
        turns = new AdapterTurns();
        cache = new KvCache(replacement, settings.hostCacheBytes());
        bySequence = new Slot[replacement.sequences()];
        return failed;
    }

    /** Frees what is kept for prompts to come. */
    void clearCache() {
        cache.clear();
    }

    private List<Slot> takeOut(Predicate<Slot> condition) {
        List<Slot> taken = all().filter(condition).toList();
        if (taken.isEmpty()) {
            return taken; // as at most steps
        }
        taken.forEach(slot -> share.leave(slot.principal()));
        taken.stream().filter(running::contains).forEach(slot -> leave(slot, slot.leave()));
        waiting.removeIf(condition);
        return taken;
    }

    private Stream<Slot> all() {
        return Stream.concat(waiting.stream(), running.stream());
    }

    /** Nanoseconds until there is something to do; {@link Long#MAX_VALUE} where nothing runs or is about to. */
    long untilDue(long nowNanos) {
        boolean announcing = waiting.stream().anyMatch(Slot::announcing);
        long least = announcing ? LOOK_AGAIN_NANOS : Long.MAX_VALUE;
        for (Slot slot : running) {
            least = Math.min(least, slot.prefilling() ? 0 : settings.pace().untilDue(slot, nowNanos));
        }
        return least;
    }

    EngineLoad load() {
        return new EngineLoad(running.size(), waiting.size(), cache.availableCells(), decoder.kvCells());
    }
}
