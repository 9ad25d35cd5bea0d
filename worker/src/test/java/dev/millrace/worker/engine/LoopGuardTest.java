package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.llama.SamplerSettings;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoopGuardTest {
    private static final int NEVER = -1;

    /** The second number: tokens of the loop when it is seen. */
    @ParameterizedTest
    @CsvSource({"1, 256", "2, 256", "7, 256", "64, 256", "65, 260", "100, 400", "511, 2044", "512, 2048"})
    void seesALoopWhenItHasComeOftenAndLongEnough(int cycle, int seenAfter) {
        int[] beginning = random(300);
        int[] loop = random(cycle);

        IntStream tokens = IntStream.concat(
                IntStream.of(beginning), IntStream.range(0, 3000).map(i -> loop[i % cycle]));

        assertThat(firstSeen(tokens)).isEqualTo(beginning.length + seenAfter);
    }

    @Test
    void doesNotSeeACycleThatIsTooLong() {
        int[] loop = random(513);

        assertThat(firstSeen(IntStream.range(0, 6000).map(i -> loop[i % 513]))).isEqualTo(NEVER);
    }

    @Test
    void letsRowsPassThatDifferInANumber() {
        int[] row = random(20);

        assertThat(firstSeen(IntStream.range(0, 6000).map(i -> i % 20 == 0 ? i : row[i % 20])))
                .isEqualTo(NEVER);
    }

    @Test
    void countsAnewAfterATokenOfItsOwn() {
        IntStream almostTwice =
                IntStream.range(0, 511).map(i -> i == 255 ? 99 : 7); // a token less than a loop, on either side

        assertThat(firstSeen(almostTwice)).isEqualTo(NEVER);
    }

    @Test
    void endsTheCompletionAndLeavesWhatWasSaid() {
        RecordingListener listener = goOnAfter("a".repeat(256));

        assertThat(listener.reason).isEqualTo(FinishReason.REPETITION);
        assertThat(listener.ids).hasSize(256);
    }

    @Test
    void saysInTheEndWhatMightHaveBecomeAStopString() {
        RecordingListener listener = goOnAfter("b".repeat(200) + "-aa".repeat(86), "-aab");

        assertThat(listener.reason).isEqualTo(FinishReason.REPETITION);
        assertThat(listener.text).hasToString("-aa");
    }

    /** A completion that lacks nothing but its last word. */
    private static RecordingListener goOnAfter(String text, String... stop) {
        List<Integer> ids = text.chars().boxed().toList();
        SchedulerFixture fixture = new SchedulerFixture(1, 2000);
        RecordingListener listener = new RecordingListener().after(ids);
        GenerationParameters parameters = new GenerationParameters(900, SamplerSettings.GREEDY, List.of(stop), true);
        GenerationRequest request = new GenerationRequest(
                UUID.randomUUID(), SchedulerFixture.prompt(1, 9), new int[0], parameters, "", 0, false, null);
        fixture.scheduler.enqueue(fixture.slot(request.continuing(ids), listener));
        return listener;
    }

    /** How many tokens there were when the loop was first seen. */
    private static int firstSeen(IntStream tokens) {
        LoopGuard guard = new LoopGuard();
        int count = 0;
        for (int token : tokens.toArray()) {
            guard.accept(token);
            count++;
            if (guard.repeats()) {
                return count;
            }
        }
        return NEVER;
    }

    /** No two are the same, so that they have no cycle of their own. */
    private static int[] random(int length) {
        return new Random(length).ints(1000, 1_000_000).distinct().limit(length).toArray();
    }
}
