package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** What the sampler should do, in doubles and with a full sort. Slow. */
final class ReferenceSampler {
    /** How far rounding in floats may move a border. */
    private static final double TOLERANCE = 2e-5;

    private final float[] scores;
    private final SamplerSettings settings;
    private final double best;

    ReferenceSampler(float[] scores, SamplerSettings settings) {
        this.scores = scores;
        this.settings = settings;
        this.best = IntStream.range(0, scores.length)
                .mapToDouble(i -> scores[i])
                .max()
                .orElseThrow();
    }

    /** Of each token, after temperature, top_k and top_p. */
    double[] probabilities() {
        return probabilities(settings.topP());
    }

    private double[] probabilities(double topP) {
        Integer[] order = IntStream.range(0, scores.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.<Integer>comparingDouble(token -> -scores[token]));
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
            if (before >= topP * sum && topP < 1) {
                weights[token] = 0;
            }
            before += weight;
        }
        double kept = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / kept).toArray();
    }

    /** That the draw falls where the token's share lies, with the border of top_p a little lower or higher. */
    void assertDraw(Sampler.Sampled sampled, int index) {
        double draw = uniform(settings.seed(), index);
        boolean possible = false;
        for (double topP : new double[] {settings.topP(), settings.topP() - TOLERANCE, settings.topP() + TOLERANCE}) {
            double[] probabilities = probabilities(Math.max(topP, 1e-9));
            double below = IntStream.range(0, sampled.token())
                    .mapToDouble(i -> probabilities[i])
                    .sum();
            double above = below + probabilities[sampled.token()];
            possible |= probabilities[sampled.token()] > 0 && draw > below - TOLERANCE && draw < above + TOLERANCE;
        }
        assertThat(possible).as("token %d for draw %f", sampled.token(), draw).isTrue();
        double sum = IntStream.range(0, scores.length)
                .mapToDouble(i -> Math.exp(scores[i] - best))
                .sum();
        assertThat((double) sampled.logprob()).isCloseTo(scores[sampled.token()] - best - Math.log(sum), within(1e-5));
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
