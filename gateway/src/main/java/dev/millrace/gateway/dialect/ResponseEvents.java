package dev.millrace.gateway.dialect;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of one response, numbered as they are made. The response is named by its prompt's id.
 *
 * <p>Owned by the event loop of the response's session.
 */
public final class ResponseEvents {
    private final String id;
    private final ResponseObject response;
    private int sequenceNumber;

    /**
     * Of a response that begins.
     *
     * @param model that the client asked for; null: any
     */
    public ResponseEvents(UUID promptId, String conversation, @Nullable String model, Instant createdAt) {
        id = promptId.toString();
        response = new ResponseObject(id, conversation, model, createdAt);
    }

    /** The request is accepted. Goes with the client's own name for it, so that it knows which one this is. */
    public String created(@Nullable String eventId) {
        return event("response.created")
                .put("event_id", eventId)
                .put("response", response.status("queued"))
                .encode();
    }

    /**
     * A worker has it in its queue.
     *
     * @param position prompts ahead of this one; null: not known
     */
    public String queued(@Nullable Integer position) {
        return event("response.queued")
                .put("queue_position", position)
                .put("response", response.status("queued"))
                .encode();
    }

    public String inProgress() {
        return event("response.in_progress")
                .put("response", response.status("in_progress"))
                .encode();
    }

    public String progress(int prefilledTokens, int promptTokens) {
        return event("response.progress")
                .put("prefilled_tokens", prefilledTokens)
                .put("prompt_tokens", promptTokens)
                .encode();
    }

    public String delta(String text) {
        return textEvent("response.output_text.delta").put("delta", text).encode();
    }

    /** All text so far is void; it starts over. */
    public String restarted(String reason) {
        return event("response.restarted").put("reason", reason).encode();
    }

    /**
     * There is no more text.
     *
     * @param text all of it
     */
    public String textDone(String text) {
        return textEvent("response.output_text.done").put("text", text).encode();
    }

    /**
     * The terminal: completed, incomplete or failed.
     *
     * @param text all of it
     */
    public String ended(Ending ending, String text, Pace pace) {
        return event("response." + ResponseObject.status(ending.reason()))
                .put("response", response.ended(ending, text, pace))
                .encode();
    }

    private JsonObject textEvent(String type) {
        return event(type)
                .put("item_id", response.itemId())
                .put("output_index", 0)
                .put("content_index", 0)
                .put("logprobs", new JsonArray());
    }

    private JsonObject event(String type) {
        return new JsonObject()
                .put("type", type)
                .put("sequence_number", sequenceNumber++)
                .put("response_id", id);
    }
}
