package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the tokens of one sequence from rows of scores, as {@link LlamaContext} does after each output row, without a
 * model. Owned by one thread.
 */
public final class Sampler implements AutoCloseable {
    /**
     * A choice.
     *
     * @param token     the token that was chosen; {@link Batch#NO_TOKEN} where the grammar allows none
     * @param logprob   natural logarithm of its probability under the raw scores; NaN where none was asked for
     * @param masked    whether the mask has ruled out a token with a better score than all that it allows
     * @param likeliest under the raw scores, likeliest first
     */
    public record Sampled(int token, float logprob, boolean masked, List<TokenLogprob> likeliest) {}

    private final Handle handle;
    private final int vocabulary;
    private final ByteBuffer resultMemory = ByteBuffer.allocateDirect(Results.BYTES);
    private final Results results = new Results(resultMemory, 0);

    private Sampler(Handle handle, int vocabulary) {
        this.handle = handle;
        this.vocabulary = vocabulary;
    }

    /**
     * A sequence without tokens.
     *
     * @param library    only so that nobody calls before the native library is open
     * @param vocabulary the number of scores in a row
     */
    public static Sampler open(LlamaLibrary library, SamplerSettings settings, int vocabulary) {
        long opened = LlamaLibrary.check(open(settings.memory(), vocabulary, null));
        return new Sampler(new Handle("sampler", opened, Sampler::close), vocabulary);
    }

    /** The same, for settings with a grammar or a mask, which need to know what the tokens stand for. */
    public static Sampler open(LlamaLibrary library, SamplerSettings settings, Vocabulary vocabulary) {
        long opened = LlamaLibrary.check(open(settings.memory(), vocabulary.size(), vocabulary.memory()));
        return new Sampler(new Handle("sampler", opened, Sampler::close), vocabulary.size());
    }

    /** The sequence has grown by a token of the prompt, or by one that was chosen. */
    public void append(int token) {
        handle.call(sampler -> append(sampler, token));
    }

    /**
     * Chooses the token with this index of the completion; the tokens before it are the last ones of the sequence. The
     * same scores, settings, sequence and index give the same token.
     *
     * @param scores a direct buffer in native order; all of it, whatever its position. Written to, and restored
     * @throws LlamaException {@link LlamaError#NOT_A_NUMBER} for a row with a score that is not a number; the scores are
     *     not restored then
     */
    public Sampled sample(FloatBuffer scores, int index) {
        if (scores.order() != ByteOrder.nativeOrder() || scores.capacity() != vocabulary) {
            throw new IllegalArgumentException("scores must be as many as tokens, in native byte order");
        }
        handle.call(sampler -> sample(sampler, scores, index, resultMemory));
        return sampled();
    }

    /**
     * The same from what a device would hand over of the row, see {@code Handed.h}, without a grammar.
     *
     * @param handed   by block of 64 scores its best score, then its part of the softmax; the numbers of some blocks, the
     *                 best one first; the scores of these. Direct, in native order
     * @param numbered how many those are
     * @return empty where it takes the whole row to know
     */
    Optional<Sampled> sampleHanded(FloatBuffer handed, int numbered, int index) {
        handle.call(sampler -> sampleHanded(sampler, handed, numbered, index, resultMemory));
        return results.fetched(0) ? Optional.empty() : Optional.of(sampled());
    }

    private Sampled sampled() {
        return new Sampled(results.token(0), results.logprob(0), results.masked(0), results.likeliest(0));
    }

    @Override
    public void close() {
        handle.close();
    }

    private static native long open(ByteBuffer settings, int vocabulary, @Nullable ByteBuffer pieces);

    private static native long close(long sampler);

    private static native long append(long sampler, int token);

    private static native long sample(long sampler, FloatBuffer scores, int index, ByteBuffer result);

    private static native long sampleHanded(
            long sampler, FloatBuffer handed, int numbered, int index, ByteBuffer result);
}
