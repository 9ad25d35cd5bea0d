package dev.millrace.gateway.dialect;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * {@code error}: what a client asked for was refused. About an event, not about a response.
 *
 * @param param the field at fault
 * @param eventId what the client calls its event
 */
public record ErrorEvent(
        ErrorCode code,
        String message,
        @Nullable String param,
        @Nullable String eventId) {
    public static ErrorEvent of(BadEventException refusal) {
        return new ErrorEvent(refusal.code(), String.valueOf(refusal.getMessage()), refusal.param(), refusal.eventId());
    }

    /**
     * The last word to a client for which more waits than may.
     *
     * @param cursors to resume its responses with, by their ids
     */
    public static String slowConsumer(int sequenceNumber, Map<UUID, String> cursors) {
        JsonArray responses = new JsonArray();
        cursors.forEach((id, cursor) ->
                responses.add(new JsonObject().put("response_id", id.toString()).put("cursor", cursor)));
        String message = "more waits for this client than may: resume behind the last event that came";
        return new ErrorEvent(ErrorCode.SLOW_CONSUMER, message, null, null)
                .json(sequenceNumber)
                .put("responses", responses)
                .encode();
    }

    /**
     * The text of its frame.
     *
     * @param sequenceNumber among the errors of one socket
     */
    public String frame(int sequenceNumber) {
        return json(sequenceNumber).encode();
    }

    private JsonObject json(int sequenceNumber) {
        return new JsonObject()
                .put("type", "error")
                .put("sequence_number", sequenceNumber)
                .put("code", code.code())
                .put("message", message)
                .put("param", param)
                .put("event_id", eventId);
    }
}
