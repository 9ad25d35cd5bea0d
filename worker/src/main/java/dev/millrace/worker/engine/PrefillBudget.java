package dev.millrace.worker.engine;

/**
 * How many prompt rows a step may have beside the rows of those who generate, so that these do not wait much longer for
 * their next token than without: of the step's time a prompt gets its share, and so do several, each; {@value
 * #LEAST_PROMPT_MS} ms in any case, which nobody sees in a stream; or one row where that takes more. What comes together
 * is then read soon, and generates together: many streams have their tokens from one step.
 *
 * <p>What a row takes depends on the device, on the model and, the deeper its prompt has been read, on attention. So it
 * is learnt from the steps: first from one without prompt rows, for each number of rows that generate, then from what
 * prompt rows add to it. The streams' own step grows meanwhile, by their tokens and by the prompt's that attention has to
 * pass by, so every {@link #STEPS_TO_MEASURE_AGAIN} it is looked at again. Owned by the engine's thread.
 */
final class PrefillBudget {
    /** Prompts take all of a step that nobody else needs. */
    static final int WHOLE_STEP = 100;

    static final int LEAST_PROMPT_MS = 5;

    /** Not often: a step without prompt rows is one that prompts wait for. */
    static final int STEPS_TO_MEASURE_AGAIN = 32;

    /** Depths up to this many tokens count as one, and so do those up to twice as many, and so on. */
    private static final int SHALLOW_TOKENS = 256;

    /** How fast an estimate follows, by what part of the difference in a step. */
    private static final double SMOOTHING = 0.25;

    private static final double RELAXING = 0.5;

    private static final double NANOS_PER_MS = 1e6;

    private final double promptsToStreams;
    /** Time of a step without prompt rows by the number of rows that generate; 0: not known. */
    private final double[] streamNanos;

    private final long[] measuredAtStep;
    /** Time that one prompt row adds, by {@link #depthClass}; 0: not known. */
    private final double[] rowNanos = new double[Integer.SIZE];

    private long step;

    /**
     * @param share percent of a step's time for prompts while anybody generates, above 0; {@link #WHOLE_STEP}: no bound
     * @param slots rows that generate at most
     */
    PrefillBudget(int share, int slots) {
        promptsToStreams = share / (double) (WHOLE_STEP - share);
        streamNanos = new double[slots + 1];
        measuredAtStep = new long[slots + 1];
    }

    /**
     * Prompt rows of the next step at most.
     *
     * @param generating rows for those who generate; where none are in the step, those of a step that waits for it
     * @param prompts that are being read
     * @param depth tokens before the deepest prompt row
     */
    int rows(int generating, int prompts, int depth) {
        if (generating == 0 || Double.isInfinite(promptsToStreams)) {
            return Integer.MAX_VALUE;
        }
        if (streamNanos[generating] == 0 || step - measuredAtStep[generating] > STEPS_TO_MEASURE_AGAIN) {
            return 0;
        }
        return (int) Math.max(1, promptNanos(generating, prompts) / estimate(depthClass(depth)));
    }

    /** A step with so many rows, or with so many rows waiting for it, has taken so long. */
    void onStep(int generating, int prompts, int promptRows, int depth, long nanos) {
        step++;
        if (generating > 0 && promptRows == 0) {
            measureStreams(generating, nanos);
        } else if (generating > 0 && streamNanos[generating] > 0) {
            measureRows(
                    promptNanos(generating, prompts), nanos - streamNanos[generating], promptRows, depthClass(depth));
        }
    }

    /** One step that took far too long changes little. */
    private void measureStreams(int generating, long nanos) {
        double known = streamNanos[generating];
        streamNanos[generating] =
                known == 0 ? nanos : known + SMOOTHING * (Math.min((double) nanos, 2 * known) - known);
        measuredAtStep[generating] = step;
    }

    /**
     * A step that takes too long is believed at once, since the streams wait for it; rows that take less than was thought
     * by and by. Few rows of a short prompt look dear, since the first costs most, but while the step keeps to its time
     * they prove nothing. Whatever the clock says, the next step has at most twice the rows that have been tried.
     */
    private void measureRows(double most, double added, int promptRows, int depthClass) {
        double row = Math.max(added, most / 2) / promptRows;
        double known = rowNanos[depthClass];
        if (known == 0 || added > most) {
            rowNanos[depthClass] = Math.max(row, known);
        } else if (row < known) {
            rowNanos[depthClass] = known + RELAXING * (row - known);
        }
    }

    /** Time for the rows of so many prompts. */
    private double promptNanos(int generating, int prompts) {
        double share = promptsToStreams * streamNanos[generating] * prompts;
        return Math.max(share, LEAST_PROMPT_MS * NANOS_PER_MS);
    }

    /**
     * Where nothing is known of a depth, the next lower one tells: attention takes at most twice the time at twice the
     * depth, and what was seen last at the lower one was seen at its end. Where that is not known either the first step
     * has one row.
     */
    private double estimate(int depthClass) {
        for (int lower = depthClass; lower >= 0; lower--) {
            if (rowNanos[lower] > 0) {
                return rowNanos[lower] * (1L << Math.max(0, depthClass - lower - 1));
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    private static int depthClass(int depth) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(depth / SHALLOW_TOKENS);
    }
}
