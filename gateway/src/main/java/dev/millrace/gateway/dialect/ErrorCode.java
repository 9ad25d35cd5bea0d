package dev.millrace.gateway.dialect;

import java.util.Locale;
import java.util.Set;

/** The stable codes of what the gateway itself refuses or fails at. Those of workers pass through. */
public enum ErrorCode {
    /** A binary frame: the dialect is text. */
    NOT_TEXT,
    /** The message is larger than any that is read. */
    EVENT_TOO_LARGE,
    /** The text is no JSON object. */
    INVALID_JSON,
    /** No event of this type may come from a client. */
    UNKNOWN_EVENT,
    /** A field that this gateway does not know: leaving it out silently could change the answer. */
    UNKNOWN_PARAMETER,
    MISSING_REQUIRED_PARAMETER,
    /** A field holds another JSON type than it must. */
    INVALID_TYPE,
    /** A field's value is out of its range. */
    INVALID_VALUE,
    /** A value that the dialect has and this gateway cannot serve. */
    UNSUPPORTED_VALUE,
    /** A parameter that the dialect has and this gateway does not serve, such as tools. */
    UNSUPPORTED_PARAMETER,
    /** The messages are together larger than a prompt may be. */
    PROMPT_TOO_LARGE,
    /** As many responses as one socket may have are running. */
    TOO_MANY_RESPONSES,
    /** No response of this id is running on this socket, or was ever given. */
    RESPONSE_NOT_FOUND,
    /** What it shall go on from was not kept, is deleted or too old, or is no response. */
    PREVIOUS_RESPONSE_NOT_FOUND,
    /** No conversation of this name was created, or it is deleted or too old. */
    CONVERSATION_NOT_FOUND,
    /** What it shall go on from still runs. */
    PREVIOUS_RESPONSE_UNFINISHED,
    /** A conversation that is kept has more messages, or longer ones, than one may have. */
    CONVERSATION_TOO_LARGE,
    /** Kafka did not tell, or take, what is kept of a conversation. */
    CONVERSATIONS_UNAVAILABLE,
    /** Kafka did not take the prompt. */
    PROMPT_NOT_SENT,
    /** Kafka did not take the cancellation. */
    CANCELLATION_NOT_SENT,
    /** The reply log no longer holds a part of the answer that was not read yet. */
    HISTORY_LOST,
    /** A cursor that is none, was changed, or belongs to somebody else. */
    INVALID_CURSOR,
    /** A cursor of a key that this gateway does not have: rotated out, or of a gateway without a shared key. */
    CURSOR_KEY_UNKNOWN,
    /** The reply log no longer reaches back to where the response began, and Kafka has no whole answer. */
    CURSOR_EXPIRED,
    /** This socket has the response already. */
    ALREADY_RUNNING,
    /** Another model took over, and what the client was shown is void; its dialect has no word for that. */
    ANSWER_RESTARTED,
    /** Nobody has a model of that name. */
    MODEL_NOT_FOUND,
    /** More waits for the client than may: it goes on with its responses on another socket. */
    SLOW_CONSUMER,
    /** This gateway stops; another one, or this one in a moment, goes on. */
    GATEWAY_STOPS,
    /** There is nothing at this address. */
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    /** The body is of another type than JSON. */
    UNSUPPORTED_MEDIA_TYPE,
    /** The whole request did not come in time. */
    REQUEST_TIMEOUT,
    /** A browser shows a page that may not ask this gateway. */
    ORIGIN_NOT_ALLOWED,
    /** The gateway's own fault. */
    INTERNAL;

    /** Those of answers that may have been, and that Kafka no longer has. */
    public static Set<String> ofLostAnswers() {
        return Set.of(CURSOR_EXPIRED.code(), HISTORY_LOST.code());
    }

    /** The code as it stands in events, for example {@code unknown_parameter}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
