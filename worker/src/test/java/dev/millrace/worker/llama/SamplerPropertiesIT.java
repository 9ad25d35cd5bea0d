package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows, sequences and settings of every kind, against the slow reference. */
class SamplerPropertiesIT {
    private static final LlamaLibrary LIBRARY = DemoModel.library();

    private final Random random = new Random(20261123);
    private final RandomSettings any = new RandomSettings(random);

    @ParameterizedTest
    @CsvSource({"1, 200", "7, 1000", "64, 1000", "100, 1500", "2048, 600", "151936, 12"})
    void choosesAsTheSlowReferenceDoes(int vocabulary, int rounds) {
        int different = 0;
        for (int round = 0; round < rounds; round++) {
            SamplerSettings settings = any.settings(vocabulary);
            List<Integer> tokens = any.sequence(vocabulary);
            int index = random.nextInt(tokens.size() + 1);
            float[] raw = Rows.any(random, vocabulary);

            Sampler.Sampled sampled = sample(raw, settings, tokens, index);

            ReferenceSampler reference = new ReferenceSampler(raw, settings, tokens, tokens.size() - index);
            reference.assertDraw(sampled, index);
            different += settings.temperature() > 0 && sampled.token() != reference.draw(index) ? 1 : 0;
        }
        assertThat(different).as("draws within rounding of a border").isLessThanOrEqualTo(1 + rounds / 300);
    }

    @Test
    void countsTokensAsTheyComeAsIfAllHadComeAtOnce() {
        int vocabulary = 50;
        for (int round = 0; round < 100; round++) {
            SamplerSettings settings = any.settings(vocabulary).withLogprobs(3);
            List<Integer> tokens = new ArrayList<>(List.of(1, 2, 3));
            try (Sampler growing = Sampler.open(LIBRARY, settings, vocabulary)) {
                tokens.forEach(growing::append);
                for (int index = 0; index < 60; index++) {
                    float[] raw = Rows.any(random, vocabulary);
                    Sampler.Sampled sampled = growing.sample(Rows.buffer(raw), index);

                    assertThat(sampled).isEqualTo(sample(raw, settings, tokens, index));
                    growing.append(sampled.token());
                    tokens.add(sampled.token());
                }
            }
        }
    }

    @Test
    void leavesTheScoresAsTheyWere() {
        for (int round = 0; round < 100; round++) {
            float[] raw = Rows.any(random, 300);
            FloatBuffer scores = Rows.buffer(raw);
            try (Sampler sampler = Sampler.open(LIBRARY, any.settings(300), 300)) {
                any.sequence(300).forEach(sampler::append);

                sampler.sample(scores, 0);
            }

            assertThat(Rows.array(scores)).isEqualTo(raw);
        }
    }

    private static Sampler.Sampled sample(float[] raw, SamplerSettings settings, List<Integer> tokens, int index) {
        try (Sampler sampler = Sampler.open(LIBRARY, settings, raw.length)) {
            tokens.forEach(sampler::append);
            return sampler.sample(Rows.buffer(raw), index);
        }
    }
}
