package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The same on GPU 0, with a CUDA library beside llama.cpp's others, as {@code make llama-cuda} lays it there, or with
 * {@code LLAMA_HOME}. Not part of the build; to run:
 *
 * <pre>mvn -f worker/pom.xml verify -Dit.test='Gpu*IT' -Dit.excluded=none</pre>
 *
 * <p>A GPU does not promise the same bits, so the answers that are wholly equal are counted: nearly all must be.
 */
@Tag("gpu")
class GpuIT {
    @Test
    void givesNearlyAllAnswers() throws IOException {
        try (LlamaModel model = DemoModel.open(new Device.Gpu(0));
                LlamaContext context = LlamaContext.open(model, new ContextSettings(4096, 1, 512, 1))) {
            int equal = 0;
            List<String> lines = Files.readAllLines(DemoModel.EXPECTED);

            for (String line : lines) {
                JsonObject expected = new JsonObject(line);
                List<Integer> answer = integers(expected.getJsonArray("answerIds"));
                int[] prompt = integers(expected.getJsonArray("promptIds")).stream()
                        .mapToInt(id -> id)
                        .toArray();
                Generation generation = new Generation(context, 0, SamplerSettings.GREEDY, prompt, 512, answer.size());
                Generation.run(context, List.of(generation));
                equal += generation.tokens.equals(answer) ? 1 : 0;
            }

            assertThat(equal).isGreaterThan(lines.size() * 95 / 100);
        }
    }

    /** Both in one process, by the same kernels: here equality is promised. */
    @Test
    void choosesFromCandidatesAsFromWholeRows() {
        try (LlamaModel model = DemoModel.open(new Device.Gpu(0));
                LlamaContext whole =
                        LlamaContext.open(model, new ContextSettings(4096, 1, 512, 1, false, false, false));
                LlamaContext candidates =
                        LlamaContext.open(model, new ContextSettings(4096, 1, 512, 1, false, true, false))) {
            RandomSettings any = new RandomSettings(new Random(8));
            for (int round = 0; round < 40; round++) {
                SamplerSettings settings = any.settings(model.vocabulary().size());
                int[] prompt = new Random(round).ints(20, 0, 2000).toArray();
                Generation expected = new Generation(whole, 0, settings, prompt, 512, 60);
                Generation.run(whole, List.of(expected));

                Generation generation = new Generation(candidates, 0, settings, prompt, 512, 60);
                Generation.run(candidates, List.of(generation));

                assertThat(generation.tokens).isEqualTo(expected.tokens);
            }
        }
    }

    @Test
    void saysThatThereIsNoSuchGpu() {
        LlamaException thrown = catchThrowableOfType(LlamaException.class, () -> DemoModel.open(new Device.Gpu(999)));

        assertThat(thrown.error()).isEqualTo(LlamaError.DEVICE_UNAVAILABLE);
    }

    private static List<Integer> integers(JsonArray array) {
        return array.stream().map(id -> ((Number) id).intValue()).toList();
    }
}
