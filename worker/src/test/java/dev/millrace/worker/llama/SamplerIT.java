package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerIT {
    private static final LlamaLibrary LIBRARY = DemoModel.library();

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
                float[] scores = Rows.gaussian(count * 31 + row, count, row % 3 == 0 ? 1 : 4);
                SamplerSettings settings =
                        new SamplerSettings(temperature, topP, topK, row * 0x9E3779B97F4A7C15L).withLogprobs(0);

                Sampler.Sampled sampled = sample(scores, settings, row);

                new ReferenceSampler(scores, settings).assertDraw(sampled, row);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 1000, 151_936})
    void takesTheBestTokenWithoutTemperature(int count) {
        float[] scores = Rows.gaussian(count, count, 4);
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

        int[] counts = count(scores, settings, 3000);

        assertThat(counts[10] + counts[100] + counts[400]).isEqualTo(3000);
        assertThat(List.of(counts[10], counts[100], counts[400])).allMatch(count -> count > 900);
    }

    /** Pearson's chi-squared over at most 40 tokens: 99.99% of fair samplers stay below 82. */
    @ParameterizedTest
    @MethodSource
    void drawsEachTokenAsOftenAsItsProbabilitySays(SamplerSettings settings) {
        float[] scores = Rows.gaussian(3, 40, 1.5f);
        int[] output = {3, 4, 3, 3, 20, 4, 3};
        int draws = 40_000;
        double[] probabilities = new ReferenceSampler(
                        scores, settings, IntStream.of(output).boxed().toList(), 0)
                .probabilities();

        int[] counts = count(scores, settings, draws, output);

        double chiSquared = 0;
        for (int token = 0; token < 40; token++) {
            double expected = draws * probabilities[token];
            if (expected == 0) {
                assertThat(counts[token]).isZero();
            } else {
                chiSquared += (counts[token] - expected) * (counts[token] - expected) / expected;
            }
        }
        assertThat(chiSquared).isLessThan(82);
    }

    static List<SamplerSettings> drawsEachTokenAsOftenAsItsProbabilitySays() {
        List<TokenBias> bias = List.of(new TokenBias(7, 1.5f), new TokenBias(8, -100));
        return List.of(
                new SamplerSettings(0.8f, 1, 0, 99),
                new SamplerSettings(0.8f, 1, 40, 99),
                new SamplerSettings(0.8f, 0.9f, 30, 99),
                new SamplerSettings(1, 1, 0, 0.1f, 99, Penalties.NONE, List.of(), 0),
                new SamplerSettings(1, 0.95f, 0, 0.02f, 99, new Penalties(1.3f, 0.4f, 0.2f, 2), bias, 5));
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
            float[] scores = Rows.gaussian(1, 100, 1);
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
                assertThat(sample(scores, settings, index).token()).isIn(7, 250);
            }
        }
    }

    @Test
    void keepsWhatHasTheShareOfMinPExactly() {
        float[] scores = new float[100];
        Arrays.fill(scores, -20);
        scores[5] = 2;
        scores[6] = 2 + (float) Math.log(0.25); // exactly at the border
        scores[7] = Math.nextDown(scores[6]);
        SamplerSettings settings = new SamplerSettings(1, 1, 0, 0.25f, 1, Penalties.NONE, List.of(), 0);

        int[] counts = count(scores, settings, 2000);

        assertThat(counts[5] + counts[6]).isEqualTo(2000);
        assertThat(counts[6]).isBetween(300, 500);
    }

    @Test
    void repeatsATokenWhereTheBanWouldLeaveNone() {
        float[] scores = {1, 2, 3};
        SamplerSettings settings =
                new SamplerSettings(0, 1, 0, 0, 0, new Penalties(1, 0, 0, 1), List.of(new TokenBias(1, 5)), 0);

        assertThat(count(scores, settings, 1, 0, 1)).containsExactly(0, 0, 1);
        assertThat(count(scores, settings, 1, 0, 1, 2)).containsExactly(0, 1, 0);
    }

    @Test
    void staysFiniteWhenAPenaltyWouldOverflow() {
        float[] scores = {1, 2, -3};
        SamplerSettings settings =
                new SamplerSettings(0.01f, 0.9f, 2, 0, 0, new Penalties(Float.MIN_NORMAL / 8, -2, -2, 0), List.of(), 0);

        assertThat(count(scores, settings, 10, 1, 2)).containsExactly(0, 10, 0);
    }

    @Test
    void refusesToEditAScoreThatIsNotANumber() {
        float[] scores = {1, Float.NaN, 3};
        SamplerSettings settings =
                new SamplerSettings(0, 1, 0, 0, 0, new Penalties(1, 0, 0, 1), List.of(), SamplerSettings.NO_LOGPROBS);

        LlamaException thrown = catchThrowableOfType(LlamaException.class, () -> count(scores, settings, 1, 1));

        assertThat(thrown.error()).isEqualTo(LlamaError.NOT_A_NUMBER);
    }

    @Test
    void refusesTokensThatThereAreNot() {
        SamplerSettings bias = new SamplerSettings(0, 1, 0, 0, 0, Penalties.NONE, List.of(new TokenBias(3, 1)), 0);

        assertThat(catchThrowableOfType(LlamaException.class, () -> Sampler.open(LIBRARY, bias, 3))
                        .error())
                .isEqualTo(LlamaError.INVALID_ARGUMENT);
        try (Sampler sampler = Sampler.open(LIBRARY, SamplerSettings.GREEDY, 3)) {
            assertThat(catchThrowableOfType(LlamaException.class, () -> sampler.append(3))
                            .error())
                    .isEqualTo(LlamaError.INVALID_ARGUMENT);
        }
    }

    private static int greedy(float[] scores) {
        return sample(scores, SamplerSettings.GREEDY, 0).token();
    }

    private static LlamaError error(float[] scores) {
        return catchThrowableOfType(LlamaException.class, () -> greedy(scores)).error();
    }

    private static Sampler.Sampled sample(float[] scores, SamplerSettings settings, int index) {
        try (Sampler sampler = Sampler.open(LIBRARY, settings, scores.length)) {
            return sampler.sample(Rows.buffer(scores), index);
        }
    }

    /** How often each token comes in so many draws. */
    private static int[] count(float[] scores, SamplerSettings settings, int draws, int... tokens) {
        int[] counts = new int[scores.length];
        FloatBuffer row = Rows.buffer(scores);
        try (Sampler sampler = Sampler.open(LIBRARY, settings, scores.length)) {
            IntStream.of(tokens).forEach(sampler::append);
            for (int index = tokens.length; index < draws + tokens.length; index++) {
                counts[sampler.sample(row, index).token()]++;
            }
        }
        return counts;
    }
}
