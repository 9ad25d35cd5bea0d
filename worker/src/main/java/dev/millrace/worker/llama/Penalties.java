package dev.millrace.worker.llama;

/**
 * What is held against tokens for having come before.
 *
 * @param repetition        the scores of all tokens of prompt and completion are divided by it, or multiplied where
 *                          they are 0 or less, as Hugging Face's RepetitionPenaltyLogitsProcessor does; above 0, 1 is
 *                          none
 * @param presence          taken once from the score of each token of the completion, as OpenAI defines it
 * @param frequency         taken from the score of a token for each time that the completion has it, likewise
 * @param noRepeatNgramSize no n-gram of this many tokens comes twice in prompt and completion together, as Hugging
 *                          Face's NoRepeatNGramLogitsProcessor sees to; 0 is none. Where that would leave no token at
 *                          all, one is repeated
 */
public record Penalties(float repetition, float presence, float frequency, int noRepeatNgramSize) {
    public static final Penalties NONE = new Penalties(1, 0, 0, 0);

    public Penalties {
        if (!(repetition > 0) || Float.isInfinite(repetition)) {
            throw new IllegalArgumentException("repetition_penalty must be above 0, not " + repetition);
        }
        if (!Float.isFinite(presence) || !Float.isFinite(frequency)) {
            throw new IllegalArgumentException("penalties must be numbers, not " + presence + " and " + frequency);
        }
        if (noRepeatNgramSize < 0) {
            throw new IllegalArgumentException("no_repeat_ngram_size must be 0 or more, not " + noRepeatNgramSize);
        }
    }
}
