package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the next token of a sequence is chosen. Applied in the order of Hugging Face's {@code generate}
 * ({@code _get_logits_processor} in transformers' generation/utils.py): bias, penalties, the ban of n-grams,
 * temperature, {@code topK}, {@code topP}, {@code minP}. Tokens are ordered by score, highest first, and on a tie by id,
 * lowest first; edits of scores are single operations on floats, in the order of {@link Penalties}' fields but frequency
 * before presence.
 *
 * @param temperature divides the scores; 0 takes the best token
 * @param topP        keeps the fewest of the best tokens whose probabilities add up to this; above 0 and up to 1; 1 keeps
 *                    every token
 * @param topK        keeps so many of the best tokens, and all that tie with the last of them; 0 keeps every token
 * @param minP        keeps the tokens that have at least this share of the best one's probability; 0 to 1
 * @param seed        with the index of the token decides the draw: the same seed gives the same completion, whoever
 *                    generates it
 * @param bias        added to scores before anything else
 * @param logprobs    so many of the likeliest tokens are told with each choice; 0: the log-probability of the choice
 *                    alone; {@link #NO_LOGPROBS}: not even that, which spares a pass over the scores
 * @param grammar     rules out, before anything else but the log-probabilities, the tokens with which the completion
 *                    would leave it; once it is complete, only the tokens that end a completion are left. It outranks
 *                    the ban of n-grams, which is lifted where it would leave nothing. Null: none
 * @param mask        rules out the tokens with characters that are not of its set. Lifted where it would leave nothing
 *                    that the grammar allows. Null: none
 */
public record SamplerSettings(
        float temperature,
        float topP,
        int topK,
        float minP,
        long seed,
        Penalties penalties,
        List<TokenBias> bias,
        int logprobs,
        @Nullable Grammar grammar,
        @Nullable ScriptMask mask) {
    public static final int NO_LOGPROBS = -1;
    public static final int MOST_LOGPROBS = 20;

    /** Takes the best token, always. */
    public static final SamplerSettings GREEDY = new SamplerSettings(0, 1, 0, 0);

    private static final int FIELDS_BYTES = 56;
    private static final int BIAS_BYTES = 8;

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
        if (!(minP >= 0 && minP <= 1)) {
            throw new IllegalArgumentException("min_p must be from 0 to 1, not " + minP);
        }
        if (logprobs < NO_LOGPROBS || logprobs > MOST_LOGPROBS) {
            throw new IllegalArgumentException("logprobs must be -1 to " + MOST_LOGPROBS + ", not " + logprobs);
        }
        bias = List.copyOf(bias);
    }

    /** Without min_p, penalties, bias and log-probabilities. */
    public SamplerSettings(float temperature, float topP, int topK, long seed) {
        this(temperature, topP, topK, 0, seed, Penalties.NONE, List.of(), NO_LOGPROBS);
    }

    /** Without grammar and mask. */
    public SamplerSettings(
            float temperature,
            float topP,
            int topK,
            float minP,
            long seed,
            Penalties penalties,
            List<TokenBias> bias,
            int logprobs) {
        this(temperature, topP, topK, minP, seed, penalties, bias, logprobs, null, null);
    }

    /** The same, telling so many of the likeliest tokens. */
    public SamplerSettings withLogprobs(int count) {
        return new SamplerSettings(temperature, topP, topK, minP, seed, penalties, bias, count, grammar, mask);
    }

    /** The same, for completions that keep to a grammar. */
    public SamplerSettings withGrammar(@Nullable Grammar keptTo) {
        return new SamplerSettings(temperature, topP, topK, minP, seed, penalties, bias, logprobs, keptTo, mask);
    }

    /** The same, for completions of these characters only. */
    public SamplerSettings withMask(@Nullable ScriptMask within) {
        return new SamplerSettings(temperature, topP, topK, minP, seed, penalties, bias, logprobs, grammar, within);
    }

    /** As {@code Sampling.h} reads it. */
    ByteBuffer memory() {
        int maskBytes = mask == null ? 0 : mask.bytes();
        int grammarBytes = grammar == null ? 0 : grammar.bytes();
        ByteBuffer memory = ByteBuffer.allocateDirect(
                        FIELDS_BYTES + BIAS_BYTES * bias.size() + maskBytes + grammarBytes)
                .order(ByteOrder.nativeOrder())
                .putLong(seed)
                .putFloat(temperature)
                .putFloat(topP)
                .putFloat(minP)
                .putFloat(penalties.repetition())
                .putFloat(penalties.presence())
                .putFloat(penalties.frequency())
                .putInt(topK)
                .putInt(penalties.noRepeatNgramSize())
                .putInt(logprobs)
                .putInt(bias.size())
                .putInt(maskBytes / Integer.BYTES)
                .putInt(grammarBytes / Integer.BYTES);
        bias.forEach(of -> memory.putInt(of.token()).putFloat(of.bias()));
        if (mask != null) {
            mask.writeTo(memory);
        }
        if (grammar != null) {
            grammar.writeTo(memory);
        }
        return memory;
    }
}
