package dev.millrace.gateway.dialect;

import org.jspecify.annotations.Nullable;

/** A client's event is refused; its socket lives on. The message is for the client and quotes none of its text. */
public final class BadEventException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final @Nullable String param;
    private final @Nullable String eventId;

    BadEventException(ErrorCode code, @Nullable String param, String message) {
        this(code, param, message, null);
    }

    private BadEventException(ErrorCode code, @Nullable String param, String message, @Nullable String eventId) {
        super(message);
        this.code = code;
        this.param = param;
        this.eventId = eventId;
    }

    /** Of a response that cannot be gone on from. */
    public static BadEventException ofPrevious(ErrorCode code, String message) {
        return new BadEventException(code, "previous_response_id", message);
    }

    /** Of an id that is none. */
    public static BadEventException noResponse() {
        return new BadEventException(ErrorCode.RESPONSE_NOT_FOUND, "response_id", "there is no response of this id");
    }

    /** Of a name that is none. */
    public static BadEventException noConversation() {
        return new BadEventException(
                ErrorCode.CONVERSATION_NOT_FOUND, "conversation", "there is no conversation of this name");
    }

    /** The same, of the event that the client gave this id. */
    public BadEventException of(@Nullable String eventId) {
        return new BadEventException(code, param, String.valueOf(getMessage()), eventId);
    }

    public ErrorCode code() {
        return code;
    }

    /** The field at fault, for example {@code input[0].role}. */
    public @Nullable String param() {
        return param;
    }

    /** What the client called its event; null where it gave no name or the event was not readable so far. */
    public @Nullable String eventId() {
        return eventId;
    }
}
