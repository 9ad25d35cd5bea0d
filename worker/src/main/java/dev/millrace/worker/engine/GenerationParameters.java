package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.ErrorCode.INVALID_PROMPT;
import static dev.millrace.worker.engine.ErrorCode.UNSUPPORTED_PARAMETER;

import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.worker.llama.SamplerSettings;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A prompt's sampling parameters with the defaults filled in and the ranges checked. The defaults are those that
 * Qwen advises for Qwen3-4B-Instruct-2507: temperature 0.7, top_p 0.8, top_k 20.
 *
 * @param maxNewTokens the most tokens to generate, at least 1
 * @param sampler what the device needs to draw a token
 * @param stop the completion ends before the first of these strings
 */
public record GenerationParameters(int maxNewTokens, SamplerSettings sampler, List<String> stop) {
    private static final int DEFAULT_MAX_NEW_TOKENS = 512;
    private static final float DEFAULT_TEMPERATURE = 0.7f;
    private static final float DEFAULT_TOP_P = 0.8f;
    private static final int DEFAULT_TOP_K = 20;
    private static final int MOST_STOP_STRINGS = 16;
    private static final int LONGEST_STOP_STRING = 256;

    /**
     * Fills in and checks.
     *
     * @param promptId the seed where none is given, so that whoever takes over draws the same tokens
     * @throws PromptRefusedException {@code invalid_prompt} for a value out of its range, {@code
     *     unsupported_parameter} for one that would have to change the completion and cannot yet
     */
    public static GenerationParameters of(Sampling sampling, UUID promptId) throws PromptRefusedException {
        refuseUnsupported(sampling);
        int maxNewTokens = orElse(sampling.getMaxNewTokens(), DEFAULT_MAX_NEW_TOKENS);
        check(maxNewTokens >= 1, "sampling.maxNewTokens", "must be at least 1");
        float temperature = orElse(sampling.getTemperature(), DEFAULT_TEMPERATURE);
        check(temperature >= 0 && temperature <= 2, "sampling.temperature", "must be from 0 to 2");
        float topP = orElse(sampling.getTopP(), DEFAULT_TOP_P);
        check(topP > 0 && topP <= 1, "sampling.topP", "must be above 0 and at most 1");
        int topK = orElse(sampling.getTopK(), DEFAULT_TOP_K);
        check(topK >= 0, "sampling.topK", "must be at least 0");
        boolean greedy = !orElse(sampling.getDoSample(), true) || temperature == 0;
        long seed = orElse(sampling.getSeed(), promptId.getMostSignificantBits() ^ promptId.getLeastSignificantBits());
        return new GenerationParameters(
                maxNewTokens, new SamplerSettings(greedy ? 0 : temperature, topP, topK, seed), stop(sampling));
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

    private static void refuseUnsupported(Sampling sampling) throws PromptRefusedException {
        supported(orElse(sampling.getMinP(), 0f) == 0, "sampling.minP");
        supported(orElse(sampling.getRepetitionPenalty(), 1f) == 1, "sampling.repetitionPenalty");
        supported(orElse(sampling.getPresencePenalty(), 0f) == 0, "sampling.presencePenalty");
        supported(orElse(sampling.getFrequencyPenalty(), 0f) == 0, "sampling.frequencyPenalty");
        supported(orElse(sampling.getNoRepeatNgramSize(), 0) == 0, "sampling.noRepeatNgramSize");
        supported(orElse(sampling.getLogitBias(), List.of()).isEmpty(), "sampling.logitBias");
        supported(sampling.getLogprobs() == null, "sampling.logprobs");
        supported(
                sampling.getResponseFormat() == null
                        || sampling.getResponseFormat().getType() == ResponseFormatType.TEXT,
                "sampling.responseFormat");
    }

    private static void check(boolean holds, String param, String complaint) throws PromptRefusedException {
        if (!holds) {
            throw new PromptRefusedException(INVALID_PROMPT, param, param + " " + complaint);
        }
    }

    private static void supported(boolean neutral, String param) throws PromptRefusedException {
        if (!neutral) {
            throw new PromptRefusedException(
                    UNSUPPORTED_PARAMETER, param, param + " is not supported by this worker: leave it out");
        }
    }

    private static <T> T orElse(@Nullable T value, T fallback) {
        return value == null ? fallback : value;
    }
}
