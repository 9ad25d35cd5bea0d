package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.join;
import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static dev.millrace.worker.engine.SchedulerFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Completions with several adapters on a device that has one at a time. */
class AdapterSchedulingTest {
    private final SchedulerFixture fixture = new SchedulerFixture(3, 400);
    private final FakeDecoder decoder = fixture.decoder;

    @Test
    void generatesEachAsItWouldAlone() {
        assertEachAsAlone(fixture, 15);
    }

    @Test
    void generatesEachAsItWouldAloneThoughTheCacheRunsFull() {
        SchedulerFixture small = new SchedulerFixture(3, 300);

        assertEachAsAlone(small, 200);

        assertThat(small.decoder.mostCells).isGreaterThan(290);
    }

    @Test
    void letsNobodyWaitLongerThanTheTurnsOfTheOthers() {
        List<RecordingListener> listeners = IntStream.range(0, 3)
                .mapToObj(adapter -> enqueue(adapter, prompt(adapter, 4), 70))
                .toList();

        fixture.steps(3 * AdapterTurns.STEPS);

        for (int i = 0; i < 6 * AdapterTurns.STEPS; i++) {
            fixture.step();
            List<Integer> said = listeners.stream()
                    .map(listener -> listener.ids.size())
                    .sorted()
                    .toList();
            assertThat(said.get(2) - said.get(0)).isLessThanOrEqualTo(AdapterTurns.STEPS);
        }
        assertThat(changes(decoder.stepAdapters)).isEqualTo(8);
    }

    @Test
    void changesNothingForASingleAdapter() {
        enqueue(2, prompt(1, 40), 20);
        enqueue(2, prompt(2, 40), 20);

        fixture.runUntilIdle();

        assertThat(decoder.stepAdapters).containsOnly(2);
    }

    /** Eight steps as long as one of its own with prompt rows, as often as the stream has eight of its own. */
    @Test
    void aPromptOfAnotherAdapterKeepsToItsBudgetBesideAStream() {
        SchedulerFixture budgeted = SchedulerFixture.withPrefillShare(50);
        RecordingListener running = budgeted.enqueue(prompt(4, 4), 60);
        budgeted.steps(6);
        RecordingListener arriving = budgeted.enqueue(request(prompt(60, 60), 5).with(1));

        budgeted.steps(40);

        assertThat(running.ids.size()).isGreaterThanOrEqualTo(6 + 16);
        assertThat(arriving.ids).isNotEmpty();
        List<Integer> rows = IntStream.range(6, 46)
                .filter(step -> budgeted.decoder.stepAdapters.get(step) == 1)
                .mapToObj(budgeted.decoder.stepSizes::get)
                .toList();
        assertThat(rows).startsWith(1, 1, 2).contains(4).allMatch(size -> size <= 5);
    }

    @Test
    void readsAPromptOfAnotherAdapterAtOnceWhereNobodyGenerates() {
        enqueue(0, prompt(1, 16), 1);
        enqueue(1, prompt(2, 40), 1);

        fixture.runUntilIdle();

        assertThat(decoder.stepSizes).containsExactly(16, 16, 16, 8);
    }

    @Test
    void computesAgainWhatWasComputedWithAnotherAdapter() {
        int[] prompt = prompt(1, 50);
        enqueue(0, prompt, 5);
        fixture.runUntilIdle();

        RecordingListener other = enqueue(1, prompt, 5);
        fixture.runUntilIdle();
        RecordingListener again = enqueue(1, prompt, 5);
        fixture.runUntilIdle();

        assertThat(other.usage.getCachedTokens()).isZero();
        assertThat(other.ids).isEqualTo(FakeDecoder.completion(1, prompt, 5));
        assertThat(again.usage.getCachedTokens()).isEqualTo(49);
    }

    @Test
    void sharesNoBeginningWithWhatRunsWithAnotherAdapter() {
        int[] system = prompt(1, 60);
        enqueue(0, join(system, prompt(2, 5)), 30);
        fixture.steps(6);

        RecordingListener other = enqueue(1, join(system, prompt(3, 5)), 10);
        fixture.runUntilIdle();

        assertThat(other.usage.getCachedTokens()).isZero();
        assertThat(other.ids).isEqualTo(FakeDecoder.completion(1, join(system, prompt(3, 5)), 10));
    }

    @Test
    void doesNotWaitForABeginningThatIsReadWithAnotherAdapter() {
        int[] system = prompt(1, 140);
        enqueue(0, join(system, prompt(2, 5)), 4);
        enqueue(1, join(system, prompt(3, 5)), 4);

        fixture.step();

        assertThat(fixture.scheduler.load().runningPrompts()).isEqualTo(2);
    }

    @Test
    void bringsBackFromHostMemoryOnlyWhatHasTheSameAdapter() {
        int[] prompt = prompt(1, 100);
        enqueue(1, prompt, 5);
        fixture.runUntilIdle();
        enqueue(0, prompt(2, 390), 5);
        fixture.runUntilIdle();
        assertThat(decoder.savedTokens()).isEqualTo(104);

        RecordingListener without = enqueue(0, prompt, 5);
        fixture.runUntilIdle();
        RecordingListener with = enqueue(1, prompt, 5);
        fixture.runUntilIdle();

        assertThat(without.usage.getCachedTokens()).isZero();
        assertThat(without.ids).isEqualTo(FakeDecoder.completion(0, prompt, 5));
        assertThat(with.usage.getCachedTokens()).isEqualTo(99);
        assertThat(with.ids).isEqualTo(FakeDecoder.completion(1, prompt, 5));
    }

    @Test
    void goesOnWithTheAdapterWhereAnEarlierOwnerLeftOff() {
        int[] prompt = prompt(12, 12);
        List<Integer> whole = FakeDecoder.completion(2, prompt, 30);
        RecordingListener listener = new RecordingListener().after(whole.subList(0, 11));

        fixture.scheduler.enqueue(fixture.slot(request(prompt, 30).with(2).continuing(whole.subList(0, 11)), listener));
        fixture.runUntilIdle();

        assertThat(listener.ids).isEqualTo(whole);
    }

    /** Twenty prompts of three adapters, in pairs that differ in nothing but the adapter. */
    private static void assertEachAsAlone(SchedulerFixture fixture, int length) {
        List<RecordingListener> listeners = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            listeners.add(fixture.enqueue(request(prompt(i / 2, 9), length).with(i % 3)));
        }

        fixture.runUntilIdle();

        for (int i = 0; i < 20; i++) {
            assertThat(listeners.get(i).ids).isEqualTo(FakeDecoder.completion(i % 3, prompt(i / 2, 9), length));
        }
    }

    private RecordingListener enqueue(int adapter, int[] prompt, int maxNewTokens) {
        return fixture.enqueue(request(prompt, maxNewTokens).with(adapter));
    }

    private static long changes(List<Integer> adapters) {
        return IntStream.range(1, adapters.size())
                .filter(step -> !adapters.get(step).equals(adapters.get(step - 1)))
                .count();
    }
}
