package dev.millrace.gateway.dialect;

import io.vertx.core.json.JsonObject;
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
     * The text of its frame.
     *
     * @param sequenceNumber among the errors of one socket
     */
    public String frame(int sequenceNumber) {
        return new JsonObject()
                .put("type", "error")
                .put("sequence_number", sequenceNumber)
                .put("code", code.code())
                .put("message", message)
                .put("param", param)
                .put("event_id", eventId)
                .encode();
    }
}
