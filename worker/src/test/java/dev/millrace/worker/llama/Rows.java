package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;

/** Rows of scores that no model computed. */
final class Rows {
    private Rows() {}

    static float[] gaussian(int seed, int count, float spread) {
        Random random = new Random(seed);
        float[] scores = new float[count];
        for (int i = 0; i < count; i++) {
            scores[i] = (float) random.nextGaussian() * spread;
        }
        return scores;
    }

    /** Of one of some kinds: smooth, full of ties, with tokens ruled out, one token far ahead, all equal, very wide. */
    static float[] any(Random random, int count) {
        float[] scores = gaussian(random.nextInt(), count, 1 + 4 * random.nextFloat());
        int kind = random.nextInt(6);
        for (int i = 0; i < count; i++) {
            scores[i] = switch (kind) {
                case 1 -> Math.round(scores[i] * 2) / 2f;
                case 2 -> random.nextInt(3) == 0 && i != count / 2 ? Float.NEGATIVE_INFINITY : scores[i];
                case 3 -> i == count / 3 ? 40 : scores[i];
                case 4 -> -3;
                case 5 -> scores[i] * 1e4f;
                default -> scores[i];
            };
        }
        return scores;
    }

    static FloatBuffer buffer(float[] scores) {
        return ByteBuffer.allocateDirect(4 * scores.length)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer()
                .put(scores)
                .flip();
    }

    static float[] array(FloatBuffer scores) {
        float[] array = new float[scores.capacity()];
        scores.get(0, array);
        return array;
    }
}
