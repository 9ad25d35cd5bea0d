package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.TokenLogprobs;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes one chat completion: as server-sent events, or whole. Immutable. */
public final class ChatEvents {
    /** Ends every stream. */
    public static final String DONE = "data: [DONE]\n\n";
    /** Says nothing to a client, and to whatever stands between that the connection is in use. */
    public static final String KEEP_ALIVE = ": keep-alive\n\n";

    private final String id;
    private final long created;
    private final String model;
    private final boolean includeUsage;
    private final boolean logprobs;

    /**
     * Of a completion that begins.
     *
     * @param model what the answer is said to be of
     */
    public ChatEvents(String id, Instant created, String model, ChatRequest request) {
        this.id = "chatcmpl-" + id;
        this.created = created.getEpochSecond();
        this.model = model;
        this.includeUsage = request.includeUsage();
        this.logprobs = request.logprobs();
    }

    /** The first chunk of a choice. */
    public String role(int index) {
        JsonObject delta = new JsonObject().put("role", "assistant").put("content", "");
        return chunk(choice(index, delta, null));
    }

    /**
     * The next text of a choice.
     *
     * @param of one for each token since the last delta; none where they are not asked for
     */
    public String delta(int index, String text, List<TokenLogprobs> of) {
        JsonObject choice = choice(index, new JsonObject().put("content", text), null);
        return chunk(logprobs ? choice.put("logprobs", Logprobs.of(of)) : choice);
    }

    /** The last chunk of a choice. */
    public String finished(int index, FinishReason reason) {
        return chunk(choice(index, new JsonObject(), reason));
    }

    /** The last chunk before the end: counts and times, of all choices together. */
    public String total(List<ChatChoice> choices) {
        JsonObject total = head("chat.completion.chunk").put("choices", new JsonArray());
        if (includeUsage) {
            total.put("usage", ChatTotals.usage(choices));
        }
        return data(total.put("timings", ChatTotals.timings(choices)));
    }

    /** In the middle of a stream, which ends behind it. */
    public static String failed(ApiError error) {
        return "data: " + error.encode() + "\n\n";
    }

    /** All of it, as one JSON object. */
    public String whole(List<ChatChoice> choices) {
        JsonArray all = new JsonArray();
        for (int index = 0; index < choices.size(); index++) {
            all.add(whole(index, choices.get(index)));
        }
        return head("chat.completion")
                .put("choices", all)
                .put("usage", ChatTotals.usage(choices))
                .put("timings", ChatTotals.timings(choices))
                .encode();
    }

    private JsonObject whole(int index, ChatChoice choice) {
        JsonObject message = new JsonObject()
                .put("role", "assistant")
                .put("content", choice.text())
                .put("refusal", null)
                .put("annotations", new JsonArray());
        return ended(new JsonObject().put("index", index).put("message", message), choice.reason())
                .put("logprobs", logprobs ? Logprobs.of(choice.logprobs()) : null);
    }

    private static JsonObject choice(int index, JsonObject delta, @Nullable FinishReason reason) {
        return ended(new JsonObject().put("index", index).put("delta", delta).put("logprobs", null), reason);
    }

    /** {@code stop_reason} tells what the dialect's own word does not. */
    private static JsonObject ended(JsonObject choice, @Nullable FinishReason reason) {
        if (reason == null) {
            return choice.put("finish_reason", null);
        }
        return choice.put("finish_reason", reason == FinishReason.STOP ? "stop" : "length")
                .put("stop_reason", reason.name().toLowerCase(Locale.ROOT));
    }

    private String chunk(JsonObject choice) {
        JsonObject chunk = head("chat.completion.chunk").put("choices", new JsonArray().add(choice));
        return data(includeUsage ? chunk.put("usage", null) : chunk);
    }

    private JsonObject head(String object) {
        return new JsonObject()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", model)
                .put("system_fingerprint", null);
    }

    private static String data(JsonObject event) {
        return "data: " + event.encode() + "\n\n";
    }
}
