package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.ErrorCode.INVALID_PROMPT;

import dev.millrace.schemas.event.ResponseFormat;
import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.worker.grammar.GrammarException;
import dev.millrace.worker.grammar.ResponseGrammar;
import dev.millrace.worker.llama.Grammar;
import dev.millrace.worker.llama.Penalties;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.ScriptMask;
import dev.millrace.worker.llama.TokenBias;
import dev.millrace.worker.llama.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A prompt's sampling parameters with the defaults filled in and the ranges checked. The defaults are those that
 * Qwen advises for Qwen3-4B-Instruct-2507: temperature 0.7, top_p 0.8, top_k 20.
 *
 * @param maxNewTokens the most tokens to generate, at least 1
 * @param sampler what the device needs to draw a token
 * @param stop the completion ends before the first of these strings
 * @param loopGuard whether a completion that repeats itself ends
 */
public record GenerationParameters(int maxNewTokens, SamplerSettings sampler, List<String> stop, boolean loopGuard) {
    private static final int DEFAULT_MAX_NEW_TOKENS = 512;
    private static final float DEFAULT_TEMPERATURE = 0.7f;
    private static final float DEFAULT_TOP_P = 0.8f;
    private static final int DEFAULT_TOP_K = 20;
    private static final int LONGEST_NGRAM = 64;
    private static final int MOST_BIASES = 1024;
    private static final String LOGIT_BIAS = "sampling.logitBias";
    private static final int MOST_STOP_STRINGS = 16;
    private static final int LONGEST_STOP_STRING = 256;
    private static final String SCHEMA = "sampling.responseFormat.schema";
    private static final Set<ResponseFormatType> NEED_A_SCHEMA =
            Set.of(ResponseFormatType.JSON_SCHEMA, ResponseFormatType.GBNF);

    /**
     * Fills in and checks.
     *
     * @param promptId the seed where none is given, so that whoever takes over draws the same tokens
     * @throws PromptRefusedException {@code invalid_prompt} for a value out of its range, or a grammar that cannot be
     *     kept to
     */
    public static GenerationParameters of(Sampling sampling, UUID promptId) throws PromptRefusedException {
        int maxNewTokens = orElse(sampling.getMaxNewTokens(), DEFAULT_MAX_NEW_TOKENS);
        check(maxNewTokens >= 1, "sampling.maxNewTokens", "must be at least 1");
        return new GenerationParameters(
                maxNewTokens, sampler(sampling, promptId), stop(sampling), orElse(sampling.getLoopGuard(), true));
    }

    /** The same, for completions that keep to the mask. */
    public GenerationParameters within(ScriptMask mask) {
        return new GenerationParameters(maxNewTokens, sampler.withMask(mask), stop, loopGuard);
    }

    private static SamplerSettings sampler(Sampling sampling, UUID promptId) throws PromptRefusedException {
        float temperature = orElse(sampling.getTemperature(), DEFAULT_TEMPERATURE);
        check(temperature >= 0 && temperature <= 2, "sampling.temperature", "must be from 0 to 2");
        float topP = orElse(sampling.getTopP(), DEFAULT_TOP_P);
        check(topP > 0 && topP <= 1, "sampling.topP", "must be above 0 and at most 1");
        int topK = orElse(sampling.getTopK(), DEFAULT_TOP_K);
        check(topK >= 0, "sampling.topK", "must be at least 0");
        float minP = orElse(sampling.getMinP(), 0f);
        check(minP >= 0 && minP <= 1, "sampling.minP", "must be from 0 to 1");
        int logprobs = orElse(sampling.getLogprobs(), SamplerSettings.NO_LOGPROBS);
        check(
                sampling.getLogprobs() == null || (logprobs >= 0 && logprobs <= SamplerSettings.MOST_LOGPROBS),
                "sampling.logprobs",
                "must be from 0 to " + SamplerSettings.MOST_LOGPROBS);
        return new SamplerSettings(
                        orElse(sampling.getDoSample(), true) ? temperature : 0,
                        topP,
                        topK,
                        minP,
                        orElse(
                                sampling.getSeed(),
                                promptId.getMostSignificantBits() ^ promptId.getLeastSignificantBits()),
                        penalties(sampling),
                        bias(sampling),
                        logprobs)
                .withGrammar(grammar(sampling));
    }

    private static Penalties penalties(Sampling sampling) throws PromptRefusedException {
        float repetition = orElse(sampling.getRepetitionPenalty(), 1f);
        check(repetition > 0 && repetition <= 2, "sampling.repetitionPenalty", "must be above 0 and at most 2");
        float presence = orElse(sampling.getPresencePenalty(), 0f);
        check(presence >= -2 && presence <= 2, "sampling.presencePenalty", "must be from -2 to 2");
        float frequency = orElse(sampling.getFrequencyPenalty(), 0f);
        check(frequency >= -2 && frequency <= 2, "sampling.frequencyPenalty", "must be from -2 to 2");
        int ngramSize = orElse(sampling.getNoRepeatNgramSize(), 0);
        check(
                ngramSize >= 0 && ngramSize <= LONGEST_NGRAM,
                "sampling.noRepeatNgramSize",
                "must be from 0 to " + LONGEST_NGRAM);
        return new Penalties(repetition, presence, frequency, ngramSize);
    }

    private static List<TokenBias> bias(Sampling sampling) throws PromptRefusedException {
        List<TokenBias> biases = new ArrayList<>();
        for (var entry : orElse(sampling.getLogitBias(), List.<dev.millrace.schemas.event.TokenBias>of())) {
            float bias = entry.getBias();
            check(bias >= -100 && bias <= 100, LOGIT_BIAS, "must be from -100 to 100 for each token");
            biases.add(new TokenBias(entry.getToken(), bias));
        }
        check(biases.size() <= MOST_BIASES, LOGIT_BIAS, "has more than " + MOST_BIASES + " tokens");
        return biases;
    }

    /**
     * Checks what only the model can tell.
     *
     * @throws PromptRefusedException {@code invalid_prompt} for the bias of a token that there is not
     */
    void check(Vocabulary vocabulary) throws PromptRefusedException {
        for (TokenBias bias : sampler.bias()) {
            check(
                    bias.token() >= 0 && bias.token() < vocabulary.size(),
                    LOGIT_BIAS,
                    "has token " + bias.token() + ", and the model has tokens 0 to " + (vocabulary.size() - 1));
        }
    }

    private static List<String> stop(Sampling sampling) throws PromptRefusedException {
        List<String> stop = orElse(sampling.getStop(), List.of());
        check(stop.size() <= MOST_STOP_STRINGS, "sampling.stop", "has more than " + MOST_STOP_STRINGS + " strings");
        for (String string : stop) {
            check(
                    !string.isEmpty() && string.length() <= LONGEST_STOP_STRING,
                    "sampling.stop",
                    "must be strings of 1 to " + LONGEST_STOP_STRING + " characters");
        }
        return List.copyOf(stop);
    }

    /** What the completion keeps to; null: free text. */
    private static @Nullable Grammar grammar(Sampling sampling) throws PromptRefusedException {
        ResponseFormat format = sampling.getResponseFormat();
        if (format == null) {
            return null;
        }
        String schema = format.getSchema$();
        boolean needed = NEED_A_SCHEMA.contains(format.getType());
        check(
                (schema != null) == needed,
                SCHEMA,
                needed ? "must say what to keep to" : "has no meaning with this type");
        try {
            return switch (format.getType()) {
                case TEXT -> null;
                case JSON_OBJECT -> ResponseGrammar.ofJsonObject();
                case JSON_SCHEMA -> ResponseGrammar.ofJsonSchema(Objects.requireNonNull(schema));
                case GBNF -> ResponseGrammar.ofGbnf(Objects.requireNonNull(schema));
            };
        } catch (GrammarException e) {
            throw new PromptRefusedException(INVALID_PROMPT, SCHEMA, SCHEMA + " " + e.getMessage());
        }
    }

    private static void check(boolean holds, String param, String complaint) throws PromptRefusedException {
        if (!holds) {
            throw new PromptRefusedException(INVALID_PROMPT, param, param + " " + complaint);
        }
    }

    private static <T> T orElse(@Nullable T value, T fallback) {
        return value == null ? fallback : value;
    }
}
