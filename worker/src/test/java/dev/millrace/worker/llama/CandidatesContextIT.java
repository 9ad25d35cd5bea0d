package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows that stay on the device, where the device is the CPU: the same completions, from whole rows and from candidates. */
class CandidatesContextIT {
    private static final int SEQUENCES = 8;
    private static final int WANTED = 60;

    private final RandomSettings any = new RandomSettings(new Random(6));
    private int outputs;
    private int fetched;

    @Test
    void completesAsFromWholeRows() {
        List<SamplerSettings> settings = new ArrayList<>();
        for (int i = 0; i < 5 * SEQUENCES; i++) {
            settings.add(any.settings(2048).withLogprobs(SamplerSettings.NO_LOGPROBS));
        }
        try (LlamaModel model = DemoModel.open();
                LlamaContext whole = open(model, false);
                LlamaContext candidates = open(model, true)) {

            List<List<Integer>> expected = complete(whole, settings);
            assertThat(fetched).isZero();

            assertThat(complete(candidates, settings)).isEqualTo(expected);
        }
        assertThat(fetched).isBetween(1, outputs / 2 - 1);
    }

    @Test
    void fetchesNothingForTheBestToken() {
        try (LlamaModel model = DemoModel.open();
                LlamaContext candidates = open(model, true)) {
            complete(candidates, List.of(SamplerSettings.GREEDY, SamplerSettings.GREEDY, SamplerSettings.GREEDY));
        }
        assertThat(outputs).isEqualTo(3 * WANTED);
        assertThat(fetched).isZero();
    }

    private static LlamaContext open(LlamaModel model, boolean candidates) {
        return LlamaContext.open(model, new ContextSettings(4000, SEQUENCES, 100, 1, true, candidates, false));
    }

    /** Several at once, whose prompts are of different lengths and come in chunks: steps with outputs and without. */
    private List<List<Integer>> complete(LlamaContext context, List<SamplerSettings> settings) {
        List<List<Integer>> tokens = new ArrayList<>();
        for (int first = 0; first < settings.size(); first += SEQUENCES) {
            List<Generation> generations = new ArrayList<>();
            for (int i = first; i < Math.min(first + SEQUENCES, settings.size()); i++) {
                int[] prompt = new Random(i).ints(5 + 9L * i, 0, 2000).toArray();
                generations.add(new Generation(context, i - first, settings.get(i), prompt, 11, WANTED));
            }
            Batch batch = new Batch(context.batchTokens());
            while (Generation.step(context, batch, generations)) {
                outputs += batch.outputs();
                fetched += batch.fetchedRows();
            }
            generations.forEach(generation -> tokens.add(generation.tokens));
        }
        return tokens;
    }
}
