package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.ids;
import static dev.millrace.worker.engine.SchedulerFixture.join;
import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a device that guesses the next token of a completion that is alone. */
class GuessingTest {
    private static final int KV_CELLS = 200;

    private final SchedulerFixture fixture = new SchedulerFixture(3, KV_CELLS);

    @BeforeEach
    void guess() {
        fixture.decoder.guesses = true;
    }

    /** The last token is the one that had been guessed, or the one after it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 9})
    void generatesTheSameInFewerSteps(int wanted) {
        int[] prompt = prompt(1, 7);
        RecordingListener listener = fixture.enqueue(prompt, wanted);

        fixture.runUntilIdle();

        assertThat(listener.ids).isEqualTo(FakeDecoder.completion(prompt, wanted));
        assertThat(fixture.decoder.stepSizes).hasSize(1 + wanted / 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5})
    void whatItHoldsAfterwardsServesTheNextTurn(int wanted) {
        int[] prompt = prompt(1, 7);
        RecordingListener first = fixture.enqueue(prompt, wanted);
        fixture.runUntilIdle();
        int[] next = join(join(prompt, ids(first.ids)), prompt(2, 3));

        RecordingListener second = fixture.enqueue(next, 6);
        fixture.runUntilIdle();

        assertThat(second.ids).isEqualTo(FakeDecoder.completion(next, 6));
        assertThat(second.usage.getCachedTokens()).isGreaterThanOrEqualTo(7 + wanted - 1);
    }

    @Test
    void othersJoinInAtAnyStep() {
        for (int steps = 1; steps < 5; steps++) {
            int[] lone = prompt(10 * steps, 5);
            int[] joining = prompt(10 * steps + 1, 5);
            RecordingListener first = fixture.enqueue(lone, 20);
            fixture.steps(steps);
            RecordingListener second = fixture.enqueue(joining, 7);

            fixture.runUntilIdle();

            assertThat(first.ids).isEqualTo(FakeDecoder.completion(lone, 20));
            assertThat(second.ids).isEqualTo(FakeDecoder.completion(joining, 7));
        }
    }

    /** A completion as long as the cache can take, to the last cell. */
    @Test
    void fillsTheCacheAndNoMore() {
        int[] prompt = prompt(1, 10);
        RecordingListener listener = fixture.enqueue(prompt, KV_CELLS - 10);

        fixture.runUntilIdle();

        assertThat(listener.ids).isEqualTo(FakeDecoder.completion(prompt, KV_CELLS - 10));
        assertThat(fixture.decoder.mostCells).isLessThanOrEqualTo(KV_CELLS);
    }
}
