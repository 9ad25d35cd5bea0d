package dev.millrace.gateway.dialect;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of one response. It is named by its prompt's id. Their sequence numbers come from whoever knows the
 * log. Immutable.
 */
public final class ResponseEvents {
    private final String id;
    private final ResponseObject response;

    public ResponseEvents(ResumePoint point) {
        id = point.promptId().toString();
        response = new ResponseObject(id, point.conversation(), point.model(), point.createdAt());
    }

    /**
     * The request is accepted. Goes with the client's own name for it, so that it knows which one this is.
     *
     * @param cursor to resume with
     */
    public String created(@Nullable String eventId, String cursor) {
        return event("response.created", 0)
                .put("event_id", eventId)
                .put("cursor", cursor)
                .put("response", response.status("queued"))
                .encode();
    }

    /**
     * It goes on here.
     *
     * @param startingAfter the number of the last event that the client has
     * @param cursor for the next time
     */
    public String resumed(@Nullable String eventId, int startingAfter, String cursor) {
        return event("response.resumed", startingAfter)
                .put("event_id", eventId)
                .put("cursor", cursor)
                .encode();
    }

    /**
     * A worker has it in its queue.
     *
     * @param position prompts ahead of this one; null: not known
     */
    public String queued(int sequenceNumber, @Nullable Integer position) {
        return event("response.queued", sequenceNumber)
                .put("queue_position", position)
                .put("response", response.status("queued"))
                .encode();
    }

    public String inProgress(int sequenceNumber) {
        return event("response.in_progress", sequenceNumber)
                .put("response", response.status("in_progress"))
                .encode();
    }

    public String progress(int sequenceNumber, int prefilledTokens, int promptTokens) {
        return event("response.progress", sequenceNumber)
                .put("prefilled_tokens", prefilledTokens)
                .put("prompt_tokens", promptTokens)
                .encode();
    }

    public String delta(int sequenceNumber, String text) {
        return textEvent("response.output_text.delta", sequenceNumber)
                .put("delta", text)
                .encode();
    }

    /** All text so far is void; it starts over. */
    public String restarted(int sequenceNumber, String reason) {
        return event("response.restarted", sequenceNumber).put("reason", reason).encode();
    }

    /**
     * There is no more text.
     *
     * @param text all of it
     */
    public String textDone(int sequenceNumber, String text) {
        return textEvent("response.output_text.done", sequenceNumber)
                .put("text", text)
                .encode();
    }

    /**
     * The terminal: completed, incomplete or failed.
     *
     * @param text all of it
     */
    public String ended(int sequenceNumber, Ending ending, String text, Pace pace) {
        return event("response." + ResponseObject.status(ending.reason()), sequenceNumber)
                .put("response", response.ended(ending, text, pace))
                .encode();
    }

    private JsonObject textEvent(String type, int sequenceNumber) {
        return event(type, sequenceNumber)
                .put("item_id", response.itemId())
                .put("output_index", 0)
                .put("content_index", 0)
                .put("logprobs", new JsonArray());
    }

    private JsonObject event(String type, int sequenceNumber) {
        return new JsonObject()
                .put("type", type)
                .put("sequence_number", sequenceNumber)
                .put("response_id", id);
    }
}
