package dev.millrace.worker.llama;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Chooses a token from one row of scores, as {@link LlamaContext} does after each output row. Thread-safe. */
public final class Sampler {
    /**
     * A choice.
     *
     * @param token   the token that was chosen
     * @param logprob natural logarithm of its probability under the raw scores
     */
    public record Sampled(int token, float logprob) {}

    private Sampler() {}

    /**
     * Chooses the token with this index of a completion. The same scores, settings and index give the same token.
     *
     * @param library only so that nobody calls before the native library is open
     * @param scores  a direct buffer in native order; all of it, whatever its position
     * @throws LlamaException {@link LlamaError#NOT_A_NUMBER} for a row with a score that is not a number
     */
    public static Sampled sample(LlamaLibrary library, FloatBuffer scores, SamplerSettings settings, int index) {
        if (scores.order() != ByteOrder.nativeOrder()) {
            throw new IllegalArgumentException("scores must be in native byte order");
        }
        long sampled = LlamaLibrary.check(sample(
                scores,
                scores.capacity(),
                settings.temperature(),
                settings.topP(),
                settings.topK(),
                settings.seed(),
                index));
        return new Sampled((int) (sampled >>> 32), Float.intBitsToFloat((int) sampled));
    }

    private static native long sample(
            FloatBuffer scores, int count, float temperature, float topP, int topK, long seed, int index);
}
