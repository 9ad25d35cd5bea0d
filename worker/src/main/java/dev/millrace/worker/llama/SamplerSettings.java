package dev.millrace.worker.llama;

/**
 * How the next token of a sequence is chosen. Applied in the order of Hugging Face's generation: temperature, then
 * the best {@code topK}, then the fewest of these whose probabilities add up to {@code topP}.
 *
 * @param temperature divides the scores; 0 takes the best token (on a tie the one with the lowest id)
 * @param topP        above 0 and up to 1; 1 keeps every token
 * @param topK        keeps so many of the best tokens, and all that tie with the last of them; 0 keeps every token
 * @param seed        with the index of the token decides the draw: the same seed gives the same completion, whoever
 *                    generates it
 */
public record SamplerSettings(float temperature, float topP, int topK, long seed) {
    /** Takes the best token, always. */
    public static final SamplerSettings GREEDY = new SamplerSettings(0, 1, 0, 0);

    public SamplerSettings {
        if (!(temperature >= 0) || Float.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature must be 0 or more, not " + temperature);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("top_p must be above 0 and at most 1, not " + topP);
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top_k must be 0 or more, not " + topK);
        }
    }
}
