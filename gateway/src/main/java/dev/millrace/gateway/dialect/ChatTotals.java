package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** Counts and times of all choices of one request. The prompt, which they share, counts once: as the first has it. */
final class ChatTotals {
    private static final double MS_PER_SECOND = 1000;

    private ChatTotals() {}

    static JsonObject usage(List<ChatChoice> choices) {
        int prompt = first(choices, Usage::getPromptTokens);
        int completion = sum(choices, Usage::getCompletionTokens);
        return new JsonObject()
                .put("prompt_tokens", prompt)
                .put("completion_tokens", completion)
                .put("total_tokens", prompt + completion)
                .put(
                        "prompt_tokens_details",
                        new JsonObject()
                                .put("cached_tokens", first(choices, Usage::getCachedTokens))
                                .put("audio_tokens", 0))
                .put(
                        "completion_tokens_details",
                        new JsonObject()
                                .put("reasoning_tokens", 0)
                                .put("audio_tokens", 0)
                                .put("accepted_prediction_tokens", 0)
                                .put("rejected_prediction_tokens", 0)
                                .put("masked_tokens", sum(choices, Usage::getMaskedTokens)));
    }

    /** By llama-server's names; what begins otherwise is ours. Choices run beside one another: the longest counts. */
    static JsonObject timings(List<ChatChoice> choices) {
        int cached = first(choices, Usage::getCachedTokens);
        int prompt = first(choices, Usage::getPromptTokens) - cached;
        int predicted = sum(choices, Usage::getCompletionTokens);
        double promptMs = longest(choices, Timings::getPrefillMs);
        double predictedMs = longest(choices, Timings::getDecodeMs);
        return new JsonObject()
                .put("cache_n", cached)
                .put("prompt_n", prompt)
                .put("prompt_ms", promptMs)
                .put("prompt_per_token_ms", ratio(promptMs, prompt))
                .put("prompt_per_second", ratio(prompt * MS_PER_SECOND, promptMs))
                .put("predicted_n", predicted)
                .put("predicted_ms", predictedMs)
                .put("predicted_per_token_ms", ratio(predictedMs, predicted))
                .put("predicted_per_second", ratio(predicted * MS_PER_SECOND, predictedMs))
                .put("queue_ms", longest(choices, Timings::getQueueMs))
                .put("time_to_first_token_ms", choices.get(0).pace().timeToFirstTokenMs())
                .put("tokens_per_second", choices.get(0).pace().tokensPerSecond());
    }

    private static @Nullable Double ratio(double dividend, double divisor) {
        return divisor > 0 ? dividend / divisor : null;
    }

    private static int first(List<ChatChoice> choices, ToIntFunction<Usage> count) {
        Usage usage = choices.get(0).ending().usage();
        return usage == null ? 0 : count.applyAsInt(usage);
    }

    private static int sum(List<ChatChoice> choices, ToIntFunction<Usage> count) {
        return choices.stream()
                .map(choice -> choice.ending().usage())
                .filter(Objects::nonNull)
                .mapToInt(count)
                .sum();
    }

    private static double longest(List<ChatChoice> choices, ToDoubleFunction<Timings> time) {
        return choices.stream()
                .map(choice -> choice.ending().timings())
                .filter(Objects::nonNull)
                .mapToDouble(time)
                .max()
                .orElse(0);
    }
}
