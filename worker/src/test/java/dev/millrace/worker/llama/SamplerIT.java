package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerIT {
    private final LlamaLibrary library = DemoModel.library();

    @ParameterizedTest
    @CsvSource({
        "1, 1, 0",
        "0.7, 1, 0",
        "0.7, 0.8, 20",
        "1, 1, 40",
        "1.5, 0.95, 0",
        "1, 0.5, 0",
        "0.1, 0.9, 0",
        "1, 0.01, 0",
        "2, 0.999, 3000",
        "1, 0.9, 1",
        "0.001, 1, 0",
        "50, 0.9, 0",
        "1, 1, 200000",
        "1e-30, 0.5, 0",
        "1e30, 0.5, 50"
    })
    void drawsAsTheSlowReferenceDoes(float temperature, float topP, int topK) {
        for (int count : new int[] {1, 2, 63, 64, 65, 1000, 10_007}) {
            for (int row = 0; row < 12; row++) {
                float[] scores = scores(count * 31 + row, count, row % 3 == 0 ? 1 : 4);
                SamplerSettings settings = new SamplerSettings(temperature, topP, topK, row * 0x9E3779B97F4A7C15L);

                Sampler.Sampled sampled = Sampler.sample(library, buffer(scores), settings, row);

                new ReferenceSampler(scores, settings).assertDraw(sampled, row);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 1000, 151_936})
    void takesTheBestTokenWithoutTemperature(int count) {
        float[] scores = scores(count, count, 4);
        int best = 0;
        for (int i = 1; i < count; i++) {
            best = scores[i] > scores[best] ? i : best;
        }

        assertThat(greedy(scores)).isEqualTo(best);
    }

    @Test
    void takesTheLowestIdOnATie() {
        float[] scores = new float[200];
        scores[70] = scores[130] = scores[131] = 3;

        assertThat(greedy(scores)).isEqualTo(70);
    }

    @Test
    void keepsEveryTokenThatTiesWithTheLastOfTopK() {
        float[] scores = new float[500];
        scores[10] = scores[100] = scores[400] = 2;
        SamplerSettings settings = new SamplerSettings(1, 1, 2, 5);

        int[] counts = new int[500];
        for (int index = 0; index < 3000; index++) {
            counts[Sampler.sample(library, buffer(scores), settings, index).token()]++;
        }

        assertThat(counts[10] + counts[100] + counts[400]).isEqualTo(3000);
        assertThat(List.of(counts[10], counts[100], counts[400])).allMatch(count -> count > 900);
    }

    /** Pearson's chi-squared over 40 tokens: 99.99% of fair samplers stay below 82. */
    @ParameterizedTest
    @ValueSource(ints = {0, 40})
    void drawsEachTokenAsOftenAsItsProbabilitySays(int topK) {
        float[] scores = scores(3, 40, 1.5f);
        SamplerSettings settings = new SamplerSettings(0.8f, 1, topK, 99);
        double[] probabilities = new ReferenceSampler(scores, settings).probabilities();
        int draws = 40_000;

        int[] counts = new int[40];
        for (int index = 0; index < draws; index++) {
            counts[Sampler.sample(library, buffer(scores), settings, index).token()]++;
        }

        double chiSquared = 0;
        for (int token = 0; token < 40; token++) {
            double expected = draws * probabilities[token];
            chiSquared += (counts[token] - expected) * (counts[token] - expected) / expected;
        }
        assertThat(chiSquared).isLessThan(82);
    }

    @Test
    void drawsByPhilox() {
        int[] zeros = ReferenceSampler.philox(0, 0);
        int[] ones = ReferenceSampler.philox(-1L, -1);

        // Known answers of Random123's kat_vectors for philox4x32 10; the second has ones in all counters
        assertThat(zeros).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(ones).isNotEqualTo(zeros);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void refusesScoresThatAreNotNumbers(float bad) {
        for (int position : new int[] {0, 63, 64, 99}) {
            float[] scores = scores(1, 100, 1);
            scores[position] = bad;

            assertThat(error(scores)).isEqualTo(LlamaError.NOT_A_NUMBER);
        }
    }

    @Test
    void refusesARowWithoutAnyFiniteScore() {
        float[] scores = new float[100];
        Arrays.fill(scores, Float.NEGATIVE_INFINITY);

        assertThat(error(scores)).isEqualTo(LlamaError.NOT_A_NUMBER);
    }

    @Test
    void neverDrawsATokenThatIsRuledOut() {
        float[] scores = new float[300];
        Arrays.fill(scores, Float.NEGATIVE_INFINITY);
        scores[7] = 1;
        scores[250] = 1;

        for (int index = 0; index < 200; index++) {
            for (SamplerSettings settings : new SamplerSettings[] {
                new SamplerSettings(1, 1, 0, 1), new SamplerSettings(1, 1, 50, 1), new SamplerSettings(1, 0.9f, 0, 1)
            }) {
                assertThat(Sampler.sample(library, buffer(scores), settings, index)
                                .token())
                        .isIn(7, 250);
            }
        }
    }

    private int greedy(float[] scores) {
        return Sampler.sample(library, buffer(scores), SamplerSettings.GREEDY, 0)
                .token();
    }

    private LlamaError error(float[] scores) {
        return catchThrowableOfType(LlamaException.class, () -> greedy(scores)).error();
    }

    private static float[] scores(int seed, int count, float spread) {
        Random random = new Random(seed);
        float[] scores = new float[count];
        for (int i = 0; i < count; i++) {
            scores[i] = (float) random.nextGaussian() * spread;
        }
        return scores;
    }

    private static FloatBuffer buffer(float[] scores) {
        return ByteBuffer.allocateDirect(4 * scores.length)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer()
                .put(scores)
                .flip();
    }
}
