package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.SamplerSettings;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final int CONTEXT = 1000;

    private final FakeDecoder decoder = new FakeDecoder(3, 200, 16);
    private final Scheduler scheduler = new Scheduler(decoder, Pace.UNLIMITED);
    private long nowNanos;

    @Test
    void generatesWhatTheDeviceGeneratesAlone() {
        int[] prompt = prompt(40);
        RecordingListener listener = enqueue(prompt, 20);

        runUntilIdle();

        assertThat(listener.ids).isEqualTo(FakeDecoder.completion(prompt, 20));
        assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
        assertThat(listener.usage.getPromptTokens()).isEqualTo(40);
        assertThat(listener.usage.getCompletionTokens()).isEqualTo(20);
    }

    @Test
    void generatesEachOfManyAsItWouldAlone() {
        List<int[]> prompts =
                IntStream.range(0, 20).mapToObj(i -> prompt(5 + i)).toList();
        List<RecordingListener> listeners =
                prompts.stream().map(prompt -> enqueue(prompt, 15)).toList();

        runUntilIdle();

        for (int i = 0; i < prompts.size(); i++) {
            assertThat(listeners.get(i).ids).isEqualTo(FakeDecoder.completion(prompts.get(i), 15));
        }
    }

    @Test
    void decodesBeforeItPrefills() {
        RecordingListener running = enqueue(prompt(4), 50);
        step();
        int said = running.ids.size();
        RecordingListener arriving = enqueue(prompt(40), 5);

        step();
        step();

        assertThat(running.ids).hasSize(said + 2);
        assertThat(arriving.ids).isEmpty();
        assertThat(decoder.stepSizes).containsExactly(4, 16, 16);
    }

    @Test
    void admitsOnlyWhatTheCacheHasRoomFor() {
        RecordingListener first = enqueue(prompt(50), 100);
        RecordingListener second = enqueue(prompt(50), 30);

        step();

        assertThat(scheduler.load()).isEqualTo(new EngineLoad(1, 1, 50, 200));
        runUntilIdle();
        assertThat(first.ids).hasSize(100);
        assertThat(second.ids).hasSize(30);
        assertThat(decoder.mostCells).isLessThanOrEqualTo(200);
    }

    @Test
    void freesEverythingInTheEnd() {
        IntStream.range(0, 10).forEach(i -> enqueue(prompt(10), 10));

        runUntilIdle();

        assertThat(decoder.usedCells()).isZero();
        assertThat(scheduler.load()).isEqualTo(new EngineLoad(0, 0, 200, 200));
    }

    @Test
    void goesOnWhereAnEarlierOwnerLeftOff() {
        int[] prompt = prompt(12);
        List<Integer> whole = FakeDecoder.completion(prompt, 30);

        for (int cut = 0; cut <= 30; cut++) {
            RecordingListener listener = new RecordingListener().after(whole.subList(0, cut));
            scheduler.enqueue(slot(request(prompt, 30, null).continuing(whole.subList(0, cut)), listener));
            runUntilIdle();
            assertThat(listener.ids).isEqualTo(whole);
            assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void finishesWithoutTheDeviceWhatLackedOnlyTheEnd() {
        int[] prompt = prompt(12);
        List<Integer> whole = FakeDecoder.completion(prompt, 30);
        RecordingListener listener = new RecordingListener().after(whole);

        scheduler.enqueue(slot(request(prompt, 30, null).continuing(whole), listener));

        assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
        assertThat(decoder.stepSizes).isEmpty();
    }

    @Test
    void endsAtTheContextsEnd() {
        Slot slot = new Slot(request(prompt(20), 500, null), new RecordingListener(), FakeDecoder.VOCABULARY, 25, 0);

        assertThat(slot.cells()).isEqualTo(25);
    }

    @Test
    void spendsNoStepOnWhatHasExpired() {
        RecordingListener waiting = new RecordingListener();
        scheduler.enqueue(slot(request(prompt(10), 10, Instant.ofEpochMilli(1000)), waiting));

        scheduler.expire(1001);
        scheduler.retire();
        runUntilIdle();

        assertThat(waiting.reason).isEqualTo(FinishReason.EXPIRED);
        assertThat(decoder.stepSizes).isEmpty();
    }

    @Test
    void endsARunningCompletionAtItsDeadline() {
        RecordingListener running = new RecordingListener();
        scheduler.enqueue(slot(request(prompt(10), 100, Instant.ofEpochMilli(1000)), running));
        step();
        step();

        scheduler.expire(1000);
        assertThat(running.reason).isNull();
        scheduler.expire(1001);
        scheduler.retire();

        assertThat(running.reason).isEqualTo(FinishReason.EXPIRED);
        assertThat(running.ids).hasSize(2);
        assertThat(decoder.usedCells()).isZero();
    }

    @Test
    void dropsWithoutAWord() {
        RecordingListener running = new RecordingListener();
        GenerationRequest request = request(prompt(10), 100, null);
        scheduler.enqueue(slot(request, running));
        step();

        scheduler.drop(request);

        assertThat(running.reason).isNull();
        assertThat(decoder.usedCells()).isZero();
        assertThat(scheduler.load().runningPrompts()).isZero();
    }

    @Test
    void saysNothingAfterTheEnd() {
        RecordingListener listener = new RecordingListener();
        GenerationRequest request = request(prompt(10), 100, null);
        scheduler.enqueue(slot(request, listener));
        step();
        step();

        scheduler.cancel(request);
        step();

        assertThat(listener.reason).isEqualTo(FinishReason.CANCELLED);
        assertThat(listener.ids).hasSize(2);
    }

    @Test
    void dropsTheOneOfTwoCompletionsOfAPromptThatItIsTold() {
        int[] prompt = prompt(10);
        GenerationRequest one = request(prompt, 20, null);
        GenerationRequest other = one.continuing(List.of());
        RecordingListener dropped = new RecordingListener();
        RecordingListener kept = new RecordingListener();
        scheduler.enqueue(slot(one, dropped));
        scheduler.enqueue(slot(other, kept));
        step();

        scheduler.drop(one);
        runUntilIdle();

        assertThat(dropped.reason).isNull();
        assertThat(kept.ids).isEqualTo(FakeDecoder.completion(prompt, 20));
    }

    @Test
    void runsOnItsOwnWhatMustBeAlone() {
        RecordingListener before = enqueue(prompt(10), 5);
        RecordingListener alone = new RecordingListener();
        scheduler.enqueue(slot(request(prompt(11), 40, null).onItsOwn(), alone));
        RecordingListener behind = enqueue(prompt(12), 5);

        while (behind.reason == null) {
            step();
            assertThat(alone.ids.isEmpty() || before.reason != null).isTrue();
            assertThat(behind.ids.isEmpty() || alone.ids.size() > 16).isTrue();
        }

        assertThat(alone.ids).as("not kept alone to its end").hasSizeLessThan(40);
        runUntilIdle();
        assertThat(alone.ids).isEqualTo(FakeDecoder.completion(prompt(11), 40));
    }

    @Test
    void startsOnlyOnceTheListenerIsReady() {
        CompletableFuture<Void> ready = new CompletableFuture<>();
        RecordingListener listener = new RecordingListener() {
            @Override
            public CompletableFuture<?> onStart() {
                return ready;
            }
        };
        scheduler.enqueue(slot(request(prompt(10), 5, null), listener));
        step();
        assertThat(decoder.usedCells()).isZero();
        assertThat(scheduler.untilDue(nowNanos)).isPositive().isLessThan(Long.MAX_VALUE);

        ready.complete(null);
        runUntilIdle();

        assertThat(listener.ids).hasSize(5);
    }

    @Test
    void keepsToThePace() {
        Scheduler paced = new Scheduler(decoder, Pace.of(10));
        RecordingListener listener = new RecordingListener();
        paced.enqueue(slot(request(prompt(10), 100, null), listener));
        paced.admit(0);
        decoder.step(paced.plan(0));

        assertThat(paced.plan(50_000_000).size()).isZero();
    }

    @Test
    void movesWhatWaitsToTheDeviceThatReplacesAFailedOne() {
        List<RecordingListener> running =
                IntStream.range(0, 3).mapToObj(i -> enqueue(prompt(10), 10)).toList();
        int[] prompt = prompt(11);
        RecordingListener waiting = enqueue(prompt, 10);
        step();

        FakeDecoder replacement = new FakeDecoder(3, 200, 16);
        scheduler.moveTo(replacement, new PromptRefusedException(ErrorCode.INTERNAL, null, "failed").failure());
        for (int i = 0; i < 20; i++) {
            scheduler.admit(nowNanos);
            Batch batch = scheduler.plan(nowNanos);
            if (batch.size() > 0) {
                replacement.step(batch);
                scheduler.accept(batch, nowNanos);
            }
            scheduler.retire();
        }

        assertThat(running).allSatisfy(listener -> {
            assertThat(listener.reason).isEqualTo(FinishReason.ERROR);
            assertThat(listener.errorCode).isEqualTo("internal");
        });
        assertThat(waiting.ids).isEqualTo(FakeDecoder.completion(prompt, 10));
    }

    private RecordingListener enqueue(int[] prompt, int maxNewTokens) {
        RecordingListener listener = new RecordingListener();
        scheduler.enqueue(slot(request(prompt, maxNewTokens, null), listener));
        return listener;
    }

    private Slot slot(GenerationRequest request, CompletionListener listener) {
        return new Slot(request, listener, FakeDecoder.VOCABULARY, CONTEXT, nowNanos);
    }

    private static GenerationRequest request(int[] prompt, int maxNewTokens, @Nullable Instant deadline) {
        GenerationParameters parameters = new GenerationParameters(maxNewTokens, SamplerSettings.GREEDY, List.of());
        return new GenerationRequest(UUID.randomUUID(), prompt, new int[0], parameters, false, deadline);
    }

    private static int[] prompt(int length) {
        int[] prompt = new int[length];
        Arrays.setAll(prompt, i -> (i * 31 + length) % 256);
        return prompt;
    }

    private void runUntilIdle() {
        while (scheduler.load().runningPrompts() + scheduler.load().queuedPrompts() > 0) {
            step();
        }
    }

    private void step() {
        nowNanos += 1_000_000;
        scheduler.admit(nowNanos);
        Batch batch = scheduler.plan(nowNanos);
        decoder.step(batch);
        scheduler.accept(batch, nowNanos);
        scheduler.retire();
    }
}
