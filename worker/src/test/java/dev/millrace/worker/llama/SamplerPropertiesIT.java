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

    @ParameterizedTest
    @CsvSource({"1, 200", "7, 1000", "64, 1000", "100, 1500", "2048, 600", "151936, 12"})
    void choosesAsTheSlowReferenceDoes(int vocabulary, int rounds) {
        int different = 0;
        for (int round = 0; round < rounds; round++) {
            SamplerSettings settings = settings(vocabulary);
            List<Integer> tokens = sequence(vocabulary);
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
            SamplerSettings settings = settings(vocabulary).withLogprobs(3);
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
            try (Sampler sampler = Sampler.open(LIBRARY, settings(300), 300)) {
                sequence(300).forEach(sampler::append);

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

    private SamplerSettings settings(int vocabulary) {
        return new SamplerSettings(
                pick(0f, 0.3f, 0.7f, 1f, 1.5f, 2f, 1e-3f, 50f),
                pick(1f, 0.9f, 0.8f, 0.5f, 0.01f, 0.9999999f, Float.MIN_VALUE, random.nextFloat() + 1e-6f),
                (int) pick(0, 1, 20, 50, vocabulary, vocabulary + 1, Integer.MAX_VALUE, 0),
                pick(0f, 0f, 0.05f, 0.3f, 1f, 1e-9f),
                random.nextLong(),
                new Penalties(
                        pick(1f, 1f, 1.05f, 1.3f, 2f, 0.5f, 1e-3f),
                        pick(0f, 0f, 0.5f, 2f, -2f),
                        pick(0f, 0f, 0.1f, 2f, -1f),
                        (int) pick(0, 0, 1, 2, 3, 5, 64)),
                biases(vocabulary),
                (int) pick(-1, 0, 1, 5, 20));
    }

    private List<TokenBias> biases(int vocabulary) {
        return random.ints(random.nextInt(4), 0, vocabulary)
                .mapToObj(token -> new TokenBias(token, pick(-100, 100, 0, -1.5f, 3.25f)))
                .toList();
    }

    /** Of few distinct tokens, so that n-grams come again. */
    private List<Integer> sequence(int vocabulary) {
        int distinct = 1 + random.nextInt(Math.min(vocabulary, (int) pick(1, 2, 5, 40, 3000)));
        return random.ints((int) pick(0, 1, 3, 20, 150), 0, distinct)
                .map(token -> (int) (token * 2_654_435_761L % vocabulary))
                .boxed()
                .toList();
    }

    private float pick(float... values) {
        return values[random.nextInt(values.length)];
    }
}
