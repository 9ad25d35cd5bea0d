package dev.millrace.gateway.dialect;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of one response, as frames of a WebSocket or as server-sent events. They call it by its prompt's id,
 * which is short; the response itself has the id that every gateway finds it by. Sequence numbers come from whoever
 * knows the log. Immutable.
 */
public final class ResponseEvents {
    private static final String IN_PROGRESS = "response.in_progress";

    private final String id;
    private final ResponseObject response;
    private final boolean serverSent;

    /**
     * Of a response that begins or goes on.
     *
     * @param cursor the point, sealed
     * @param serverSent for HTTP
     */
    public ResponseEvents(ResumePoint point, String cursor, boolean serverSent) {
        id = point.promptId().toString();
        response = new ResponseObject(
                ResponseId.of(cursor),
                "msg_" + id,
                point.conversation(),
                point.model(),
                point.createdAt(),
                point.background(),
                point.stored());
        this.serverSent = serverSent;
    }

    /**
     * The request is accepted. Goes with the client's own name for it, so that it knows which one this is.
     *
     * @param cursor to resume with
     */
    public String created(@Nullable String eventId, String cursor) {
        return encoded(event("response.created", 0)
                .put("event_id", eventId)
                .put("cursor", cursor)
                .put("response", response.status("queued")));
    }

    /**
     * It goes on here.
     *
     * @param startingAfter the number of the last event that the client has
     * @param cursor for the next time
     */
    public String resumed(@Nullable String eventId, int startingAfter, String cursor) {
        return encoded(event("response.resumed", startingAfter)
                .put("event_id", eventId)
                .put("cursor", cursor));
    }

    /**
     * A worker has it in its queue.
     *
     * @param position prompts ahead of this one; null: not known
     */
    public String queued(int sequenceNumber, @Nullable Integer position) {
        return encoded(event("response.queued", sequenceNumber)
                .put("queue_position", position)
                .put("response", response.status("queued")));
    }

    public String inProgress(int sequenceNumber) {
        return encoded(event(IN_PROGRESS, sequenceNumber).put("response", response.status("in_progress")));
    }

    public String progress(int sequenceNumber, int prefilledTokens, int promptTokens) {
        return encoded(ownEvent("response.progress", sequenceNumber)
                .put("prefilled_tokens", prefilledTokens)
                .put("prompt_tokens", promptTokens));
    }

    /** There is a message; its text comes. */
    public String itemAdded(int sequenceNumber) {
        return encoded(itemEvent("response.output_item.added", sequenceNumber, response.message()));
    }

    /** It has a text, which is empty as yet. */
    public String partAdded(int sequenceNumber) {
        return encoded(partEvent("response.content_part.added", sequenceNumber, ""));
    }

    public String delta(int sequenceNumber, String text) {
        return encoded(textEvent("response.output_text.delta", sequenceNumber).put("delta", text));
    }

    /** All output so far is void; it starts over. */
    public String restarted(int sequenceNumber, String reason) {
        return encoded(ownEvent("response.restarted", sequenceNumber).put("reason", reason));
    }

    /**
     * There is no more text.
     *
     * @param text all of it
     */
    public String textDone(int sequenceNumber, String text) {
        return encoded(textEvent("response.output_text.done", sequenceNumber).put("text", text));
    }

    /**
     * The text is whole.
     *
     * @param text all of it
     */
    public String partDone(int sequenceNumber, String text) {
        return encoded(partEvent("response.content_part.done", sequenceNumber, text));
    }

    /**
     * The message is whole.
     *
     * @param text all of it
     */
    public String itemDone(int sequenceNumber, Ending ending, String text) {
        return encoded(itemEvent("response.output_item.done", sequenceNumber, response.message(ending.reason(), text)));
    }

    /**
     * The terminal: completed, incomplete or failed.
     *
     * @param text all of it
     */
    public String ended(int sequenceNumber, Ending ending, String text, Pace pace) {
        return encoded(event("response." + ResponseObject.status(ending.reason()), sequenceNumber)
                .put("response", response.ended(ending, text, pace)));
    }

    /** The response as it is before its end, with its text so far. */
    public String present(String status, String text) {
        return response.present(status, text).encode();
    }

    /** The response as it ended. */
    public String whole(Ending ending, String text, Pace pace) {
        return response.ended(ending, text, pace).encode();
    }

    private String encoded(JsonObject event) {
        String json = event.encode();
        return serverSent ? "event: " + event.getString("type") + "\ndata: " + json + "\n\n" : json;
    }

    private JsonObject itemEvent(String type, int sequenceNumber, JsonObject item) {
        return event(type, sequenceNumber).put("output_index", 0).put("item", item);
    }

    private JsonObject partEvent(String type, int sequenceNumber, String text) {
        return contentEvent(type, sequenceNumber).put("part", ResponseObject.part(text));
    }

    private JsonObject textEvent(String type, int sequenceNumber) {
        return contentEvent(type, sequenceNumber).put("logprobs", new JsonArray());
    }

    private JsonObject contentEvent(String type, int sequenceNumber) {
        return event(type, sequenceNumber)
                .put("item_id", response.itemId())
                .put("output_index", 0)
                .put("content_index", 0);
    }

    /**
     * One that the dialect's owner does not have. Their client for HTTP ends a stream at a type that it does not know,
     * and takes the response of {@code response.in_progress}, which is without output, for what there is.
     */
    private JsonObject ownEvent(String type, int sequenceNumber) {
        return event(serverSent ? IN_PROGRESS : type, sequenceNumber).put("response", response.status("in_progress"));
    }

    private JsonObject event(String type, int sequenceNumber) {
        return new JsonObject()
                .put("type", type)
                .put("sequence_number", sequenceNumber)
                .put("response_id", id);
    }
}
