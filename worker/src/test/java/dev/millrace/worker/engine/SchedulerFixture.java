package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.SamplerSettings;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler on a fake device, driven step by step; a step takes a millisecond of its clock. What it says of the device
 * is a tenth of a second, and a bit less than a quarter of that for each row of a prompt.
 */
final class SchedulerFixture {
    static final int CONTEXT = 1000;
    static final int HOST_BYTES = 10_000;

    private static final long STEP_NANOS = 1_000_000;
    private static final long DEVICE_NANOS = 100_000_000;
    private static final long PROMPT_ROW_NANOS = 24_000_000;

    final FakeDecoder decoder;
    final Scheduler scheduler;
    long nowNanos;

    SchedulerFixture(int slots, int kvCells) {
        this(slots, kvCells, HOST_BYTES);
    }

    SchedulerFixture(int slots, int kvCells, int hostBytes) {
        this(new FakeDecoder(8, kvCells, 16), slots, hostBytes, EngineSettings.NO_BUDGET);
    }

    /** A token takes one byte of the fake's host memory. */
    private SchedulerFixture(FakeDecoder decoder, int slots, int hostBytes, int prefillShare) {
        this.decoder = decoder;
        this.scheduler = new Scheduler(
                decoder, new EngineSettings("scheduler-test", CONTEXT, slots, prefillShare, hostBytes, Pace.UNLIMITED));
    }

    /** Of a device whose KV cache is host memory. */
    static SchedulerFixture inHostMemory(int slots, int kvCells, int hostBytes) {
        return new SchedulerFixture(new FakeDecoder(8, kvCells, 16, true), slots, hostBytes, EngineSettings.NO_BUDGET);
    }

    static SchedulerFixture withPrefillShare(int prefillShare) {
        return new SchedulerFixture(new FakeDecoder(8, 200, 16), 3, 0, prefillShare);
    }

    RecordingListener enqueue(int[] prompt, int maxNewTokens) {
        return enqueue(request(prompt, maxNewTokens));
    }

    RecordingListener enqueue(GenerationRequest request) {
        RecordingListener listener = new RecordingListener();
        scheduler.enqueue(slot(request, listener));
        return listener;
    }

    Slot slot(GenerationRequest request, CompletionListener listener) {
        return new Slot(request, listener, FakeDecoder.VOCABULARY, CONTEXT, nowNanos);
    }

    static GenerationRequest request(int[] prompt, int maxNewTokens) {
        return request(prompt, maxNewTokens, "", 0, null);
    }

    static GenerationRequest request(
            int[] prompt, int maxNewTokens, String principal, int priority, @Nullable Instant deadline) {
        GenerationParameters parameters =
                new GenerationParameters(maxNewTokens, SamplerSettings.GREEDY, List.of(), true);
        return new GenerationRequest(
                UUID.randomUUID(), prompt, new int[0], parameters, principal, priority, false, deadline);
    }

    /** Prompts of different seeds have no beginning in common. */
    static int[] prompt(int seed, int length) {
        int[] prompt = new int[length];
        Arrays.setAll(prompt, i -> (i * 31 + seed) % 256);
        return prompt;
    }

    static int[] join(int[] beginning, int[] rest) {
        int[] joined = Arrays.copyOf(beginning, beginning.length + rest.length);
        System.arraycopy(rest, 0, joined, beginning.length, rest.length);
        return joined;
    }

    static int[] ids(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    void runUntilIdle() {
        while (scheduler.load().runningPrompts() + scheduler.load().queuedPrompts() > 0) {
            step();
        }
    }

    void steps(int count) {
        for (int i = 0; i < count; i++) {
            step();
        }
    }

    void step() {
        nowNanos += STEP_NANOS;
        scheduler.retire();
        scheduler.admit(nowNanos);
        Batch batch = scheduler.plan(nowNanos);
        int promptRows = batch.size() - batch.outputs();
        decoder.stepGuessing(batch);
        scheduler.accept(batch, DEVICE_NANOS + promptRows * PROMPT_ROW_NANOS, nowNanos);
        scheduler.retire();
        scheduler.tellProgress(nowNanos);
    }
}
