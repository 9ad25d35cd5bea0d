package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is chosen from the best blocks of a row is what is chosen from the whole row, or it is said that it takes that. */
class CandidatesIT {
    private static final LlamaLibrary LIBRARY = DemoModel.library();

    private final Random random = new Random(20261124);
    private final RandomSettings any = new RandomSettings(random);
    private int sufficed;

    @ParameterizedTest
    @CsvSource({"64, 1, 200", "640, 2, 6000", "2048, 4, 6000", "10048, 16, 2000", "151936, 64, 60"})
    void choosesAsFromTheWholeRow(int vocabulary, int blocks, int rounds) {
        for (int round = 0; round < rounds; round++) {
            SamplerSettings settings = any.settings(vocabulary);
            List<Integer> tokens = any.sequence(vocabulary);
            float[] row = round % 2 == 0 ? Rows.any(random, vocabulary) : peaked(vocabulary);
            try (Sampler sampler = Sampler.open(LIBRARY, settings, vocabulary)) {
                tokens.forEach(sampler::append);

                assertSame(sampler, settings, row, blocks, random.nextInt(tokens.size() + 1));
            }
        }
        assertThat(sufficed).isGreaterThan(rounds / 8);
        System.out.printf("vocabulary %d: candidates sufficed for %d of %d rows%n", vocabulary, sufficed, rounds);
    }

    /** What people ask for, on rows as a model has them: here a fetch would be the exception. */
    @ParameterizedTest
    @CsvSource({"0, 1, 0", "0.7, 0.8, 20", "0.7, 0.95, 0", "1, 0.95, 0", "1.3, 0.8, 0", "1, 1, 40"})
    void sufficesForUsualSettings(float temperature, float topP, int topK) {
        Penalties penalties = new Penalties(1.1f, 0.5f, 0.1f, 3);
        int rounds = 300;
        for (int round = 0; round < rounds; round++) {
            SamplerSettings settings = new SamplerSettings(temperature, topP, topK, 0, round, penalties, List.of(), 20);
            try (Sampler sampler = Sampler.open(LIBRARY, settings, 10_048)) {
                any.sequence(10_048).forEach(sampler::append);

                assertSame(sampler, settings, peaked(10_048), 64, 0);
            }
        }
        assertThat(sufficed).isGreaterThan(rounds * 95 / 100);
    }

    @Test
    void choosesAsFromTheWholeRowUnderAMask() {
        List<byte[]> pieces = IntStream.range(0, 2048)
                .mapToObj(token -> new byte[] {(byte) ('a' + token % 20)})
                .toList();
        Vocabulary vocabulary = Vocabulary.of(pieces, Map.of(), List.of());
        BitSet letters = new BitSet();
        letters.set('a', 'e');
        for (int round = 0; round < 2000; round++) {
            SamplerSettings settings = any.settings(2048).withMask(ScriptMask.of(vocabulary, letters));
            try (Sampler sampler = Sampler.open(LIBRARY, settings, vocabulary)) {
                any.sequence(2048).forEach(sampler::append);

                assertSame(sampler, settings, Rows.any(random, 2048), 8, 0);
            }
        }
        assertThat(sufficed).isBetween(200, 1900);
    }

    @ParameterizedTest
    @CsvSource({"NaN, 0", "Infinity, 0", "NaN, 2000", "Infinity, 2000"})
    void leavesARowThatIsNoneToWhoReadsAllOfIt(float bad, int token) {
        float[] row = peaked(2048);
        row[token] = bad;
        try (Sampler sampler = Sampler.open(LIBRARY, SamplerSettings.GREEDY, 2048)) {

            assertThat(Candidates.of(row, 4).sample(sampler, 0)).isEmpty();
        }
    }

    private void assertSame(Sampler sampler, SamplerSettings settings, float[] row, int blocks, int index) {
        Optional<Sampler.Sampled> sampled = Candidates.of(row, blocks).sample(sampler, index);

        sampled.ifPresent(found -> {
            Sampler.Sampled whole = sampler.sample(Rows.buffer(row), index);
            assertThat(found.token()).as("%s", settings).isEqualTo(whole.token());
            assertThat(found.masked()).isEqualTo(whole.masked());
            assertThat(tokens(found)).isEqualTo(tokens(whole));
            if (settings.logprobs() >= 0) {
                assertThat(found.logprob())
                        .isCloseTo(whole.logprob(), within(Math.max(1e-4f, Math.abs(whole.logprob()) * 1e-6f)));
            }
            sufficed++;
        });
    }

    private static List<Integer> tokens(Sampler.Sampled sampled) {
        return sampled.likeliest().stream().map(TokenLogprob::token).toList();
    }

    /** A few tokens far ahead of the many, as models mostly have them. */
    private float[] peaked(int count) {
        float[] row = Rows.gaussian(random.nextInt(), count, 1.5f);
        for (int ahead = 0; ahead < 30; ahead++) {
            row[random.nextInt(count)] = 18 - 8 * random.nextFloat();
        }
        return row;
    }

    /** What a device would hand over, worked out the simple way. */
    private record Candidates(List<Float> values, int numbered) {
        private static final int BLOCK = 64;

        static Candidates of(float[] row, int numbered) {
            int blocks = row.length / BLOCK;
            float[] bests = new float[blocks];
            double[] sums = new double[blocks];
            float best = Float.NEGATIVE_INFINITY;
            for (float score : row) {
                best = Math.max(best, score);
            }
            double sum = 0;
            for (int block = 0; block < blocks; block++) {
                bests[block] = -Float.MAX_VALUE;
                for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                    bests[block] = row[i] > bests[block] ? row[i] : bests[block];
                    sums[block] += Math.exp((double) row[i] - best);
                }
                sum += sums[block];
            }
            List<Float> values = new ArrayList<>();
            for (float of : bests) {
                values.add(of);
            }
            for (double of : sums) {
                values.add((float) (of / sum));
            }
            List<Integer> numbers = IntStream.range(0, blocks)
                    .boxed()
                    .sorted((a, b) -> Float.compare(bests[b], bests[a]))
                    .limit(numbered)
                    .toList();
            numbers.forEach(number -> values.add(Float.intBitsToFloat(number)));
            for (int number : numbers) {
                for (int i = number * BLOCK; i < (number + 1) * BLOCK; i++) {
                    values.add(row[i]);
                }
            }
            return new Candidates(values, numbered);
        }

        Optional<Sampler.Sampled> sample(Sampler sampler, int index) {
            float[] array = new float[values.size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = values.get(i);
            }
            return sampler.sampleHanded(Rows.buffer(array), numbered, index);
        }
    }
}
