package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Beside eight streams, on a device whose time is made up: prompts may take as long as the streams. */
class PrefillBudgetTest {
    private static final int STREAMS = 8;
    private static final long STREAM_NANOS = 150_000_000;
    private static final long BOUND_NANOS = 2 * STREAM_NANOS;

    private final PrefillBudget budget = new PrefillBudget(50, 9);

    /** Of steps with prompt rows. */
    private final List<Long> stepNanos = new ArrayList<>();

    private final List<Integer> stepRows = new ArrayList<>();

    private long streamNanos = STREAM_NANOS;

    @Test
    void keepsToTheBoundHoweverDeepTheRowsAre() {
        measureStreams();

        read(0, 4096, 1);

        assertThat(stepNanos).allMatch(nanos -> nanos <= 1.02 * BOUND_NANOS);
        assertThat(stepNanos.stream().mapToLong(Long::longValue).average().orElseThrow())
                .as("not much of the time is left unused")
                .isGreaterThan(0.9 * BOUND_NANOS);
    }

    @Test
    void beginsWithOneRowAndTriesAtMostTwiceWhatItHasTried() {
        measureStreams();

        int tried = 0;
        for (int i = 0; i < 20; i++) {
            int rows = budget.rows(STREAMS, 1, 0);
            assertThat(rows).isBetween(1, Math.max(1, 2 * tried));
            budget.onStep(STREAMS, 1, rows, 0, STREAM_NANOS);
            tried = rows;
        }
        assertThat(tried).as("rows that cost nothing").isGreaterThan(200);
    }

    @Test
    void givesPromptsSomeMillisecondsBesideStreamsThatTakeLess() {
        long quickNanos = 500_000;
        long rowNanos = 100_000;
        budget.onStep(STREAMS, 1, 0, 0, quickNanos);

        for (int i = 0; i < 20; i++) {
            int rows = budget.rows(STREAMS, 1, 0);
            budget.onStep(STREAMS, 1, rows, 0, quickNanos + rows * rowNanos);
        }

        assertThat(budget.rows(STREAMS, 1, 0)).isBetween(45, 50);
    }

    @Test
    void givesEachOfSeveralPromptsItsShare() {
        measureStreams();
        read(0, 200, 1);

        assertThat(budget.rows(STREAMS, 3, 200))
                .isBetween(2 * budget.rows(STREAMS, 1, 200), 3 * budget.rows(STREAMS, 1, 200) + 3);
    }

    @Test
    void remembersWhatRowsCostAtEachDepth() {
        measureStreams();
        read(0, 4096, 1);
        read(0, 200, 1);

        assertThat(nanos(budget.rows(STREAMS, 1, 3500), 3500, 1)).isLessThanOrEqualTo(BOUND_NANOS);
        assertThat(budget.rows(STREAMS, 1, 0)).isGreaterThan(3 * budget.rows(STREAMS, 1, 3500));
    }

    @Test
    void expectsRowsAtDepthsThatItHasNotSeenToCostMore() {
        measureStreams();
        read(0, 1000, 1);

        assertThat(budget.rows(STREAMS, 1, 8000)).isBetween(1, budget.rows(STREAMS, 1, 999) / 3);
    }

    @Test
    void learnsNothingFromFewRowsThatKeepToTheirTime() {
        measureStreams();
        read(0, 200, 1);
        int rows = budget.rows(STREAMS, 1, 200);

        budget.onStep(STREAMS, 1, 1, 200, nanos(1, 200, 5));

        assertThat(budget.rows(STREAMS, 1, 200)).isEqualTo(rows);
    }

    /** Otherwise prompts would pay for what the streams take by themselves, and come to a stop. */
    @Test
    void goesAlongWithStreamsWhoseOwnStepsGrow() {
        measureStreams();
        read(0, 1000, 1);
        stepNanos.clear();
        stepRows.clear();

        for (int depth = 1000; depth < 1400; depth += 8) {
            streamNanos += STREAM_NANOS / 50;
            read(depth, depth + 8, 1);
        }
        read(1400, 2000, 1);

        assertThat(stepNanos).allMatch(nanos -> nanos <= 1.1 * 2 * streamNanos);
        assertThat(stepRows.subList(stepRows.size() / 2, stepRows.size() - 1)).allMatch(rows -> rows >= 3);
        assertThat(budget.rows(STREAMS, 1, 2000)).isGreaterThan(8);
    }

    @Test
    void givesARowEvenWhereOneIsTooDear() {
        measureStreams();
        read(0, 100, 100);

        assertThat(stepRows).hasSize(100).containsOnly(1);
    }

    @Test
    void givesAllWhereNobodyGenerates() {
        assertThat(budget.rows(0, 1, 0)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void givesAllWhereThereIsNoBudget() {
        PrefillBudget none = new PrefillBudget(PrefillBudget.WHOLE_STEP, 9);
        none.onStep(STREAMS, 1, 4, 0, BOUND_NANOS);

        assertThat(none.rows(STREAMS, 1, 0)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void looksAtTheStreamsAloneWhenTheirNumberIsNewAndAfterManySteps() {
        assertThat(budget.rows(STREAMS, 1, 0)).isZero();
        measureStreams();
        assertThat(budget.rows(STREAMS, 1, 0)).isPositive();
        assertThat(budget.rows(STREAMS - 1, 1, 0)).isZero();

        for (int i = 0; i < PrefillBudget.STEPS_TO_MEASURE_AGAIN; i++) {
            assertThat(budget.rows(STREAMS, 1, 0)).isPositive();
            budget.onStep(STREAMS, 1, 1, 0, BOUND_NANOS);
        }
        budget.onStep(STREAMS, 1, 1, 0, BOUND_NANOS);

        assertThat(budget.rows(STREAMS, 1, 0)).isZero();
    }

    @Test
    void recoversFromAStepThatTookFarTooLong() {
        measureStreams();
        budget.onStep(STREAMS, 1, 0, 0, 100 * STREAM_NANOS);
        for (int i = 0; i < 8; i++) {
            measureStreams();
        }
        read(0, 200, 1);
        int rows = budget.rows(STREAMS, 1, 200);
        budget.onStep(STREAMS, 1, rows, 200, 10 * STREAM_NANOS);

        assertThat(budget.rows(STREAMS, 1, 200)).isLessThan(rows / 4);
        for (int i = 0; i < 8; i++) {
            read(200, 230, 1);
        }

        assertThat(stepNanos).allMatch(nanos -> nanos <= 1.2 * BOUND_NANOS);
        assertThat(budget.rows(STREAMS, 1, 200)).isGreaterThan(rows / 2);
    }

    private void measureStreams() {
        budget.onStep(STREAMS, 1, 0, 0, streamNanos);
    }

    /** Reads a part of a prompt as the budget allows. */
    private void read(int from, int to, int factor) {
        for (int depth = from; depth < to; ) {
            int rows = Math.min(budget.rows(STREAMS, 1, depth), to - depth);
            if (rows == 0) {
                measureStreams();
                continue;
            }
            long nanos = nanos(rows, depth, factor);
            budget.onStep(STREAMS, 1, rows, depth, nanos);
            stepNanos.add(nanos);
            stepRows.add(rows);
            depth += rows;
        }
    }

    /** As the model of 0.5 GB on a core: something for the first row, and for each more the deeper it is. */
    private long nanos(int rows, int depth, int factor) {
        return streamNanos + factor * (10_000_000L + rows * (4_000_000L + 8_000L * depth));
    }
}
