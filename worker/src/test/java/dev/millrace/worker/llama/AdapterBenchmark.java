package dev.millrace.worker.llama;

import java.util.Arrays;
import java.util.Locale;

/**
 * Part of {@code make bench-sampler}: how much longer a step of the demo model takes that begins with a change of the
 * adapter than the next one with the same. A row each, exact, on one thread.
 */
final class AdapterBenchmark {
    private static final int ROUNDS = 2000;
    private static final int POSITION = 64;
    private static final int TOKEN = 300;
    private static final double NANOS_PER_MS = 1e6;

    private final LlamaContext context;
    private final Batch batch = new Batch(POSITION + 1);

    private AdapterBenchmark(LlamaContext context) {
        this.context = context;
    }

    /** Measures and prints a line for each adapter. */
    public static void main(String[] arguments) {
        try (LlamaModel model = DemoModel.open()) {
            int brief = model.loadAdapter(DemoModel.BRIEF);
            try (LlamaContext context = LlamaContext.open(model, new ContextSettings(512, 2, POSITION + 1, 1))) {
                new AdapterBenchmark(context).measure(brief);
            }
        }
    }

    /** The first sequence is without an adapter, the second with it. */
    private void measure(int brief) {
        double[][] changeMs = new double[2][ROUNDS];
        double[][] stepMs = new double[2][ROUNDS];
        int[] adapters = {Decoder.NO_ADAPTER, brief};
        for (int sequence = 0; sequence < 2; sequence++) {
            read(sequence, adapters[sequence]);
        }
        for (int round = -ROUNDS / 10; round < ROUNDS; round++) {
            for (int sequence = 0; sequence < 2; sequence++) {
                double changed = stepMs(sequence, adapters[sequence]);
                double unchanged = stepMs(sequence, adapters[sequence]);
                if (round >= 0) {
                    changeMs[sequence][round] = changed - unchanged;
                    stepMs[sequence][round] = unchanged;
                }
            }
        }
        report("none", changeMs[0], stepMs[0]);
        report("brief", changeMs[1], stepMs[1]);
    }

    private void read(int sequence, int adapter) {
        context.admit(sequence, SamplerSettings.GREEDY);
        batch.clear(adapter);
        for (int position = 0; position < POSITION; position++) {
            batch.add(sequence, TOKEN, position);
        }
        context.step(batch);
    }

    private double stepMs(int sequence, int adapter) {
        batch.clear(adapter);
        batch.addOutput(sequence, TOKEN, POSITION, 0);
        long before = System.nanoTime();
        context.step(batch);
        double ms = (System.nanoTime() - before) / NANOS_PER_MS;
        context.release(sequence, POSITION);
        return ms;
    }

    private static void report(String to, double[] changeMs, double[] stepMs) {
        Arrays.sort(changeMs);
        Arrays.sort(stepMs);
        System.out.printf(
                Locale.ROOT,
                "ADAPTER change_ms=%.4f step_ms=%.4f to=%s%n",
                changeMs[ROUNDS / 2],
                stepMs[ROUNDS / 2],
                to);
    }
}
