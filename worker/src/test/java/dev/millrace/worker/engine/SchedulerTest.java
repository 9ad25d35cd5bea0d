package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static dev.millrace.worker.engine.SchedulerFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.llama.Batch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private final SchedulerFixture fixture = new SchedulerFixture(3, 200);
    private final FakeDecoder decoder = fixture.decoder;
    private final Scheduler scheduler = fixture.scheduler;

    @Test
    void generatesWhatTheDeviceGeneratesAlone() {
        int[] prompt = prompt(40, 40);
        RecordingListener listener = fixture.enqueue(prompt, 20);

        fixture.runUntilIdle();

        assertThat(listener.ids).isEqualTo(FakeDecoder.completion(prompt, 20));
        assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
        assertThat(listener.usage.getPromptTokens()).isEqualTo(40);
        assertThat(listener.usage.getCompletionTokens()).isEqualTo(20);
    }

    @Test
    void generatesEachOfManyAsItWouldAlone() {
        List<int[]> prompts =
                IntStream.range(0, 20).mapToObj(i -> prompt(5 + i, 5 + i)).toList();
        List<RecordingListener> listeners =
                prompts.stream().map(prompt -> fixture.enqueue(prompt, 15)).toList();

        fixture.runUntilIdle();

        for (int i = 0; i < prompts.size(); i++) {
            assertThat(listeners.get(i).ids).isEqualTo(FakeDecoder.completion(prompts.get(i), 15));
        }
    }

    @Test
    void decodesBeforeItPrefills() {
        RecordingListener running = fixture.enqueue(prompt(4, 4), 50);
        fixture.step();
        int said = running.ids.size();
        RecordingListener arriving = fixture.enqueue(prompt(40, 40), 5);

        fixture.step();
        fixture.step();

        assertThat(running.ids).hasSize(said + 2);
        assertThat(arriving.ids).isEmpty();
        assertThat(decoder.stepSizes).containsExactly(4, 16, 16);
    }

    @Test
    void prefillsALongPromptWithoutHoldingUpOthers() {
        RecordingListener running = fixture.enqueue(prompt(4, 4), 60);
        fixture.step();
        RecordingListener arriving = fixture.enqueue(prompt(130, 130), 5);

        fixture.steps(8);

        assertThat(running.ids).hasSize(9);
        assertThat(arriving.ids).isEmpty();
        assertThat(decoder.stepSizes.subList(1, 9)).containsOnly(16);
        fixture.step();
        assertThat(arriving.ids).hasSize(1);
    }

    @Test
    void keepsToItsBudgetOfTimeOnlyWhileAnybodyGenerates() {
        SchedulerFixture budgeted = SchedulerFixture.withPrefillShare(50);
        RecordingListener running = budgeted.enqueue(prompt(4, 4), 12);
        budgeted.steps(2);
        RecordingListener arriving = budgeted.enqueue(prompt(50, 50), 5);

        budgeted.steps(12);

        assertThat(running.ids).hasSize(12);
        assertThat(arriving.ids).isNotEmpty();
        List<Integer> rows = budgeted.decoder.stepSizes;
        assertThat(rows.subList(2, 12)).startsWith(2, 3).endsWith(5).allMatch(size -> size <= 1 + 4);
        assertThat(rows.subList(12, 13)).containsOnly(16);
    }

    @Test
    void prefillsAShortPromptBesideALongOne() {
        fixture.enqueue(prompt(150, 150), 5);
        fixture.step();
        RecordingListener arriving = fixture.enqueue(prompt(8, 8), 5);

        fixture.step();

        assertThat(arriving.ids).hasSize(1);
    }

    @Test
    void finishesReadingSomeOfThePromptsThatComeTogetherBeforeTheOthers() {
        List<RecordingListener> listeners = IntStream.range(1, 4)
                .mapToObj(i -> fixture.enqueue(prompt(i, 16), 5))
                .toList();

        fixture.steps(2);

        assertThat(listeners.stream().filter(listener -> !listener.ids.isEmpty()))
                .hasSize(1);
    }

    @Test
    void givesTheOldestAnEvenShareHoweverManyShortOnesCome() {
        RecordingListener oldest = fixture.enqueue(prompt(1, 100), 5);
        fixture.step();

        for (int step = 0; step < 40 && oldest.ids.isEmpty(); step++) {
            fixture.enqueue(prompt(2 + step, 20), 1);
            fixture.step();
        }

        assertThat(oldest.ids).isNotEmpty();
    }

    @Test
    void admitsWhatTheCacheHasRoomForNotWhatItMayComeToNeed() {
        RecordingListener first = fixture.enqueue(prompt(20, 20), 900);
        fixture.enqueue(prompt(21, 21), 10);
        RecordingListener third = fixture.enqueue(prompt(100, 100), 10);

        fixture.step();

        assertThat(scheduler.load()).isEqualTo(new EngineLoad(2, 1, 184, 200));
        fixture.steps(40);
        assertThat(third.ids).isEmpty();
        assertThat(first.reason).isNull();
        assertThat(decoder.mostCells).isLessThanOrEqualTo(200);
    }

    @Test
    void hasEverythingToGiveInTheEnd() {
        IntStream.range(0, 10).forEach(i -> fixture.enqueue(prompt(10, 10), 10));

        fixture.runUntilIdle();

        assertThat(scheduler.load()).isEqualTo(new EngineLoad(0, 0, 200, 200));
        scheduler.clearCache();
        assertThat(decoder.usedCells()).isZero();
        assertThat(decoder.savedTokens()).isZero();
    }

    @Test
    void goesOnWhereAnEarlierOwnerLeftOff() {
        int[] prompt = prompt(12, 12);
        List<Integer> whole = FakeDecoder.completion(prompt, 30);

        for (int cut = 0; cut <= 30; cut++) {
            RecordingListener listener = new RecordingListener().after(whole.subList(0, cut));
            scheduler.enqueue(fixture.slot(request(prompt, 30).continuing(whole.subList(0, cut)), listener));
            fixture.runUntilIdle();
            assertThat(listener.ids).isEqualTo(whole);
            assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void finishesWithoutTheDeviceWhatLackedOnlyTheEnd() {
        int[] prompt = prompt(12, 12);
        List<Integer> whole = FakeDecoder.completion(prompt, 30);
        RecordingListener listener = new RecordingListener().after(whole);

        scheduler.enqueue(fixture.slot(request(prompt, 30).continuing(whole), listener));

        assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
        assertThat(decoder.stepSizes).isEmpty();
    }

    @Test
    void endsAtTheContextsEnd() {
        RecordingListener listener = new RecordingListener();
        scheduler.enqueue(new Slot(request(prompt(20, 20), 500), listener, FakeDecoder.VOCABULARY, 25, 0));

        fixture.runUntilIdle();

        assertThat(listener.ids).hasSize(5);
        assertThat(listener.reason).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void spendsNoStepOnWhatHasExpired() {
        RecordingListener waiting = new RecordingListener();
        scheduler.enqueue(fixture.slot(request(prompt(10, 10), 10, "", 0, Instant.ofEpochMilli(1000)), waiting));

        scheduler.expire(1001);
        scheduler.retire();
        fixture.runUntilIdle();

        assertThat(waiting.reason).isEqualTo(FinishReason.EXPIRED);
        assertThat(decoder.stepSizes).isEmpty();
    }

    @Test
    void endsARunningCompletionAtItsDeadline() {
        RecordingListener running = new RecordingListener();
        scheduler.enqueue(fixture.slot(request(prompt(10, 10), 100, "", 0, Instant.ofEpochMilli(1000)), running));
        fixture.step();
        fixture.step();

        scheduler.expire(1000);
        assertThat(running.reason).isNull();
        scheduler.expire(1001);
        scheduler.retire();

        assertThat(running.reason).isEqualTo(FinishReason.EXPIRED);
        assertThat(running.ids).hasSize(2);
        assertThat(scheduler.load()).isEqualTo(new EngineLoad(0, 0, 200, 200));
    }

    @Test
    void dropsWithoutAWord() {
        RecordingListener running = new RecordingListener();
        GenerationRequest request = request(prompt(10, 10), 100);
        scheduler.enqueue(fixture.slot(request, running));
        fixture.step();

        scheduler.drop(request);

        assertThat(running.reason).isNull();
        assertThat(scheduler.load()).isEqualTo(new EngineLoad(0, 0, 200, 200));
    }

    @Test
    void saysNothingAfterTheEnd() {
        RecordingListener listener = new RecordingListener();
        GenerationRequest request = request(prompt(10, 10), 100);
        scheduler.enqueue(fixture.slot(request, listener));
        fixture.step();
        fixture.step();

        scheduler.cancel(request);
        fixture.step();

        assertThat(listener.reason).isEqualTo(FinishReason.CANCELLED);
        assertThat(listener.ids).hasSize(2);
    }

    @Test
    void dropsTheOneOfTwoCompletionsOfAPromptThatItIsTold() {
        int[] prompt = prompt(10, 10);
        GenerationRequest one = request(prompt, 20);
        GenerationRequest other = one.continuing(List.of());
        RecordingListener dropped = new RecordingListener();
        RecordingListener kept = new RecordingListener();
        scheduler.enqueue(fixture.slot(one, dropped));
        scheduler.enqueue(fixture.slot(other, kept));
        fixture.step();

        scheduler.drop(one);
        fixture.runUntilIdle();

        assertThat(dropped.reason).isNull();
        assertThat(kept.ids).isEqualTo(FakeDecoder.completion(prompt, 20));
    }

    @Test
    void runsOnItsOwnWhatMustBeAlone() {
        RecordingListener before = fixture.enqueue(prompt(10, 10), 5);
        RecordingListener alone = new RecordingListener();
        scheduler.enqueue(fixture.slot(request(prompt(11, 11), 40).onItsOwn(), alone));
        RecordingListener behind = fixture.enqueue(prompt(12, 12), 5);

        while (behind.reason == null) {
            fixture.step();
            assertThat(alone.ids.isEmpty() || before.reason != null).isTrue();
            assertThat(behind.ids.isEmpty() || alone.ids.size() > 16).isTrue();
        }

        assertThat(alone.ids).as("not kept alone to its end").hasSizeLessThan(40);
        fixture.runUntilIdle();
        assertThat(alone.ids).isEqualTo(FakeDecoder.completion(prompt(11, 11), 40));
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
        scheduler.enqueue(fixture.slot(request(prompt(10, 10), 5), listener));
        fixture.step();
        assertThat(decoder.usedCells()).isZero();
        assertThat(scheduler.untilDue(fixture.nowNanos)).isPositive().isLessThan(Long.MAX_VALUE);

        ready.complete(null);
        fixture.runUntilIdle();

        assertThat(listener.ids).hasSize(5);
    }

    @Test
    void announcesTogetherAllThatThereIsRoomFor() {
        List<Integer> announced = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int number = i;
            RecordingListener listener = new RecordingListener() {
                @Override
                public CompletableFuture<?> onStart() {
                    announced.add(number);
                    return new CompletableFuture<>();
                }
            };
            scheduler.enqueue(fixture.slot(request(prompt(10 + i, 10), 5), listener));
        }

        fixture.step();

        assertThat(announced).containsExactly(0, 1, 2);
    }

    @Test
    void keepsToThePaceAndStepsTogether() {
        Scheduler paced =
                new Scheduler(decoder, new EngineSettings("paced", 1000, 3, EngineSettings.NO_BUDGET, 0, Pace.of(10)));
        for (long admittedMs : new long[] {110, 190}) {
            paced.enqueue(fixture.slot(request(prompt((int) admittedMs, 10), 20), new RecordingListener()));
            paced.admit(ms(admittedMs));
            Batch prompt = paced.plan(ms(admittedMs));
            decoder.step(prompt);
            paced.accept(prompt, 1, ms(admittedMs));
        }

        assertThat(paced.untilDue(ms(195))).isEqualTo(ms(5));
        assertThat(paced.plan(ms(199)).size()).isZero();
        assertThat(paced.plan(ms(200)).size()).isEqualTo(2);
    }

    private static long ms(long milliseconds) {
        return TimeUnit.MILLISECONDS.toNanos(milliseconds);
    }

    @Test
    void movesWhatWaitsToTheDeviceThatReplacesAFailedOne() {
        List<RecordingListener> running = IntStream.range(0, 3)
                .mapToObj(i -> fixture.enqueue(prompt(10, 10), 10))
                .toList();
        int[] prompt = prompt(11, 11);
        RecordingListener waiting = fixture.enqueue(prompt, 10);
        fixture.step();

        FakeDecoder replacement = new FakeDecoder(8, 200, 16);
        scheduler.moveTo(replacement, new PromptRefusedException(ErrorCode.INTERNAL, null, "failed").failure());
        for (int i = 0; i < 20; i++) {
            scheduler.admit(fixture.nowNanos);
            Batch batch = scheduler.plan(fixture.nowNanos);
            if (batch.size() > 0) {
                replacement.step(batch);
                scheduler.accept(batch, 1, fixture.nowNanos);
            }
            scheduler.retire();
        }

        assertThat(running).allSatisfy(listener -> {
            assertThat(listener.reason).isEqualTo(FinishReason.ERROR);
            assertThat(listener.errorCode).isEqualTo("internal");
        });
        assertThat(waiting.ids).isEqualTo(FakeDecoder.completion(prompt, 10));
    }
}
