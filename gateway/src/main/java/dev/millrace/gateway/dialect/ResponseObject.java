package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The {@code response} that stands in events. It repeats no input, which may be megabytes. Immutable. */
record ResponseObject(
        String id,
        String itemId,
        String conversation,
        @Nullable String model,
        Instant createdAt,
        boolean background,
        boolean stored) {
    private static final Pattern CAPITAL = Pattern.compile("\\p{Lu}");
    /** What names of the contract begin with, where the dialect has the field at its top. */
    private static final String SAMPLING = "sampling.";

    private static final String RESPONSE_FORMAT = "sampling.responseFormat";

    /** While it is under way. */
    JsonObject status(String status) {
        return new JsonObject()
                .put("id", id)
                .put("object", "response")
                .put("created_at", createdAt.getEpochSecond())
                .put("status", status)
                .put("background", background)
                .put("store", stored)
                .put("model", model)
                .put("conversation", new JsonObject().put("id", conversation))
                .put("error", null)
                .put("incomplete_details", null)
                .put("output", new JsonArray())
                .put("usage", null);
    }

    /** With its text so far. */
    JsonObject present(String status, String text) {
        return status(status).put("output", output("in_progress", text));
    }

    JsonObject ended(Ending ending, String text, Pace pace) {
        JsonObject response = status(status(ending.reason()))
                .put("output", output(itemStatus(ending.reason()), text))
                .put("usage", usage(ending.usage()))
                .put("timings", timings(ending.timings(), pace));
        if (ending.failure() != null) {
            response.put("error", error(ending.failure()));
        } else if (ending.reason() != FinishReason.STOP) {
            response.put("incomplete_details", new JsonObject().put("reason", incompleteReason(ending.reason())));
        }
        return response;
    }

    static String status(FinishReason reason) {
        return switch (reason) {
            case STOP -> "completed";
            case ERROR -> "failed";
            case LENGTH, REPETITION, CANCELLED, EXPIRED, UNKNOWN -> "incomplete";
        };
    }

    private static String incompleteReason(FinishReason reason) {
        return reason == FinishReason.LENGTH
                ? "max_output_tokens"
                : reason.name().toLowerCase(Locale.ROOT);
    }

    private JsonArray output(String status, String text) {
        return text.isEmpty() ? new JsonArray() : new JsonArray().add(item(status, new JsonArray().add(part(text))));
    }

    /** The one item of the output, which there is as soon as there is text. */
    JsonObject message() {
        return item("in_progress", new JsonArray());
    }

    /** It as it ended. */
    JsonObject message(FinishReason reason, String text) {
        return item(itemStatus(reason), new JsonArray().add(part(text)));
    }

    static JsonObject part(String text) {
        return new JsonObject().put("type", "output_text").put("text", text).put("annotations", new JsonArray());
    }

    private JsonObject item(String status, JsonArray content) {
        return new JsonObject()
                .put("id", itemId)
                .put("type", "message")
                .put("role", "assistant")
                .put("status", status)
                .put("content", content);
    }

    private static String itemStatus(FinishReason reason) {
        return reason == FinishReason.STOP ? "completed" : "incomplete";
    }

    private static @Nullable JsonObject usage(@Nullable Usage usage) {
        if (usage == null) {
            return null;
        }
        return new JsonObject()
                .put("input_tokens", usage.getPromptTokens())
                .put("input_tokens_details", new JsonObject().put("cached_tokens", usage.getCachedTokens()))
                .put("output_tokens", usage.getCompletionTokens())
                .put(
                        "output_tokens_details",
                        new JsonObject().put("reasoning_tokens", 0).put("masked_tokens", usage.getMaskedTokens()))
                .put("total_tokens", usage.getPromptTokens() + usage.getCompletionTokens());
    }

    private static JsonObject timings(@Nullable Timings timings, Pace pace) {
        return new JsonObject()
                .put("queue_ms", timings == null ? null : timings.getQueueMs())
                .put("prefill_ms", timings == null ? null : timings.getPrefillMs())
                .put("decode_ms", timings == null ? null : timings.getDecodeMs())
                .put("time_to_first_token_ms", pace.timeToFirstTokenMs())
                .put("tokens_per_second", pace.tokensPerSecond());
    }

    private static JsonObject error(Failure failure) {
        String param = failure.getParam();
        return new JsonObject()
                .put("code", failure.getCode())
                .put("message", failure.getMessage())
                .put("param", param == null ? null : nameInDialect(param));
    }

    /** {@code sampling.topP} is {@code top_p} here, and {@code sampling.responseFormat} is {@code text.format}. */
    static String nameInDialect(String nameInContract) {
        if (nameInContract.startsWith(RESPONSE_FORMAT)) {
            return "text.format" + nameInContract.substring(RESPONSE_FORMAT.length());
        }
        String name =
                nameInContract.startsWith(SAMPLING) ? nameInContract.substring(SAMPLING.length()) : nameInContract;
        return CAPITAL.matcher(name).replaceAll(capital -> "_" + capital.group().toLowerCase(Locale.ROOT));
    }
}
