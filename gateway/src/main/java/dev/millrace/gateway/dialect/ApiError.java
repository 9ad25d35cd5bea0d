package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.Failure;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong with an HTTP request, as OpenAI's clients expect it.
 *
 * @param code stable, for example {@code unknown_parameter}
 * @param param the field at fault, by its name in the dialect
 */
public record ApiError(
        String code, String message, @Nullable String param) {
    public static ApiError of(ErrorCode code, String message) {
        return new ApiError(code.code(), message, null);
    }

    public static ApiError of(BadEventException refusal) {
        return new ApiError(refusal.code().code(), String.valueOf(refusal.getMessage()), refusal.param());
    }

    /** A worker's word, or the gateway's about a response that had begun. */
    public static ApiError of(Failure failure) {
        String param = failure.getParam();
        return new ApiError(
                failure.getCode(), failure.getMessage(), param == null ? null : ChatNames.nameInDialect(param));
    }

    /** The same in the dialect of Responses. */
    public static ApiError ofResponse(Failure failure) {
        String param = failure.getParam();
        return new ApiError(
                failure.getCode(), failure.getMessage(), param == null ? null : ResponseObject.nameInDialect(param));
    }

    /** The status of the HTTP response. */
    public int status() {
        return switch (code) {
            case "origin_not_allowed" -> 403;
            case "not_found",
                    "model_not_found",
                    "adapter_not_found",
                    "response_not_found",
                    "previous_response_not_found",
                    "conversation_not_found",
                    "cursor_key_unknown" -> 404;
            case "method_not_allowed" -> 405;
            case "request_timeout" -> 408;
            case "previous_response_unfinished" -> 409;
            case "cursor_expired" -> 410;
            case "event_too_large" -> 413;
            case "unsupported_media_type" -> 415;
            case "too_many_responses" -> 429;
            case "prompt_not_sent", "cancellation_not_sent", "conversations_unavailable", "gateway_stops" -> 503;
            case "internal", "poisonous", "history_lost", "answer_too_large", "answer_restarted" -> 500;
            default -> 400;
        };
    }

    /**
     * Whether the same request may be sent again without doing its work twice. Clients would repeat everything of 408,
     * 429 and from 500 on by themselves.
     */
    public boolean mayBeRepeated() {
        return status() == 408 || status() == 429 || status() == 503;
    }

    private String type() {
        int status = status();
        return status == 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error";
    }

    /** The event {@code error} of a stream of responses. */
    public String event() {
        JsonObject event = new JsonObject()
                .put("type", "error")
                .put("sequence_number", 0)
                .put("code", code)
                .put("message", message)
                .put("param", param);
        return "event: error\ndata: " + event.encode() + "\n\n";
    }

    /** {@code {"error": {...}}}: a body, or an event in the middle of a stream. */
    public String encode() {
        JsonObject error = new JsonObject()
                .put("message", message)
                .put("type", type())
                .put("param", param)
                .put("code", code);
        return new JsonObject().put("error", error).encode();
    }
}
