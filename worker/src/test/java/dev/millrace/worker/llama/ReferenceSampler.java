package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What the sampler should do, in doubles and with a full sort. Slow. */
final class ReferenceSampler {
    /** How far rounding in floats may move a border. */
    private static final double TOLERANCE = 2e-5;

    private final float[] raw;
    private final float[] scores;
    private final SamplerSettings settings;
    private final double best;
    private final int[] order;

    ReferenceSampler(float[] scores, SamplerSettings settings) {
        this(scores, settings, List.of(), 0);
    }

    /** With the sequence so far, of which the completion begins at {@code promptLength}. */
    ReferenceSampler(float[] raw, SamplerSettings settings, List<Integer> tokens, int promptLength) {
        this.raw = raw;
        this.scores = ReferenceEdits.apply(raw, settings, tokens, promptLength);
        this.settings = settings;
        this.order = order(scores);
        this.best = scores[order[0]];
    }

    int bestToken() {
        return order[0];
    }

    /** Of each token, after temperature, top_k, top_p and min_p. */
    double[] probabilities() {
        return probabilities(settings.topP(), settings.minP());
    }

    private double[] probabilities(double topP, double minP) {
        double[] weights = new double[scores.length];
        int k = settings.topK() == 0 ? scores.length : Math.min(settings.topK(), scores.length);
        double floor = scores[order[k - 1]];
        double sum = 0;
        for (int token = 0; token < scores.length; token++) {
            weights[token] = scores[token] >= floor ? Math.exp((scores[token] - best) / settings.temperature()) : 0;
            sum += weights[token];
        }
        double before = 0;
        for (int token : order) {
            double weight = weights[token];
            if ((before >= topP * sum && topP < 1) || weight < minP) {
                weights[token] = 0;
            }
            before += weight;
        }
        double kept = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / kept).toArray();
    }

    /** The token of the draw with this index. */
    int draw(int index) {
        double[] probabilities = probabilities();
        double left = uniform(settings.seed(), index);
        int token = -1;
        for (int i = 0; i < scores.length && left >= 0; i++) {
            if (probabilities[i] > 0) {
                token = i;
                left -= probabilities[i];
            }
        }
        return token;
    }

    /** That the draw falls where the token's share lies, with the borders of top_p and min_p a little lower or higher. */
    void assertDraw(Sampler.Sampled sampled, int index) {
        if (settings.temperature() == 0) {
            assertThat(sampled.token()).isEqualTo(bestToken());
        } else {
            assertThat(sampled.token() == draw(index) || couldBe(sampled.token(), uniform(settings.seed(), index)))
                    .as("token %d, expected %d", sampled.token(), draw(index))
                    .isTrue();
        }
        assertLogprobs(sampled);
    }

    private boolean couldBe(int token, double draw) {
        boolean possible = false;
        for (double tolerance : new double[] {0, -TOLERANCE, TOLERANCE}) {
            for (double other : new double[] {0, -TOLERANCE, TOLERANCE}) {
                double[] probabilities = probabilities(
                        Math.max(settings.topP() + tolerance, 1e-9), Math.min(settings.minP() * (1 + other), 1));
                double below = Arrays.stream(probabilities, 0, token).sum();
                double above = below + probabilities[token];
                possible |= probabilities[token] > 0 && draw > below - TOLERANCE && draw < above + TOLERANCE;
            }
        }
        return possible;
    }

    /** Log-softmax of the raw scores. */
    private void assertLogprobs(Sampler.Sampled sampled) {
        if (settings.logprobs() == SamplerSettings.NO_LOGPROBS) {
            assertThat(sampled.logprob()).isNaN();
            assertThat(sampled.likeliest()).isEmpty();
            return;
        }
        int[] byRaw = order(raw);
        double rawBest = raw[byRaw[0]];
        double logSum = Math.log(IntStream.range(0, raw.length)
                .mapToDouble(i -> Math.exp(raw[i] - rawBest))
                .sum());
        assertLogprob(sampled.logprob(), raw[sampled.token()] - rawBest - logSum);
        assertThat(sampled.likeliest().stream().map(TokenLogprob::token))
                .containsExactlyElementsOf(Arrays.stream(byRaw)
                        .filter(token -> raw[token] != Float.NEGATIVE_INFINITY)
                        .limit(settings.logprobs())
                        .boxed()
                        .toList());
        for (TokenLogprob likely : sampled.likeliest()) {
            assertLogprob(likely.logprob(), raw[likely.token()] - rawBest - logSum);
        }
    }

    private static void assertLogprob(float logprob, double expected) {
        assertThat((double) logprob).isCloseTo(expected, within(1e-5 + Math.ulp((float) expected)));
    }

    /** Tokens by score, highest first, and on a tie by id, lowest first. */
    private static int[] order(float[] scores) {
        long[] keys = new long[scores.length];
        for (int token = 0; token < scores.length; token++) {
            int bits = Float.floatToIntBits(scores[token] + 0f);
            int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
            keys[token] = (long) ~ascending << 32 | token;
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }

    static double uniform(long seed, int index) {
        int[] block = philox(seed, index);
        long bits = (long) block[0] << 32 | Integer.toUnsignedLong(block[1]);
        return (bits >>> 11) * 0x1p-53;
    }

    /** Philox4x32-10, written from the paper (Salmon and others, SC11). */
    static int[] philox(long seed, int index) {
        int[] x = {index, 0, 0, 0};
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long left = 0xD2511F53L * Integer.toUnsignedLong(x[0]);
            long right = 0xCD9E8D57L * Integer.toUnsignedLong(x[2]);
            x = new int[] {(int) (right >>> 32) ^ x[1] ^ k0, (int) right, (int) (left >>> 32) ^ x[3] ^ k1, (int) left};
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return x;
    }
}
