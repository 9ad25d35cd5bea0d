package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.INVALID_JSON;
import static dev.millrace.gateway.dialect.ErrorCode.UNKNOWN_EVENT;
import static dev.millrace.gateway.dialect.ErrorCode.UNSUPPORTED_VALUE;

import dev.millrace.gateway.dialect.ClientEvent.CancelResponse;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.gateway.dialect.ClientEvent.ResumeResponse;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Sampling;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what a client says. Stateless; takes tens of milliseconds for the largest prompt. */
public final class ClientEventReader {
    private static final int LONGEST_NAME = 256;
    private static final int MOST_STARTING_AFTER = 1 << 30;
    private static final int LONGEST_CURSOR = 8192;
    /** Two names of one thing; the first is ours. */
    private static final List<String> LIMITS = List.of("max_new_tokens", "max_output_tokens");
    /** What clients of this dialect send along and what changes nothing at these values. */
    private static final Map<String, Object> WITHOUT_EFFECT =
            Map.of("truncation", "disabled", "tools", new JsonArray());

    private ClientEventReader() {}

    /** Reads the text of one frame. */
    public static ClientEvent read(String frame) throws BadEventException {
        JsonObject event = parse(frame, "the frame");
        String eventId = event.getValue("event_id") instanceof String id && isName(id) ? id : null;
        try {
            return read(new Fields(event, ""));
        } catch (BadEventException e) {
            throw e.of(eventId);
        }
    }

    /** Reads the body of a request over HTTP, which has the fields of {@code response.create}. */
    public static ResponseRequest readBody(String body) throws BadEventException {
        Fields fields = new Fields(parse(body, "the body"), "");
        boolean stream = Boolean.TRUE.equals(fields.flag("stream"));
        return new ResponseRequest(create(null, fields), stream);
    }

    /** Whether it may go back to the client. */
    private static boolean isName(String id) {
        return !id.isEmpty() && id.length() <= LONGEST_NAME && Utf8.isWellFormed(id);
    }

    static JsonObject parse(String text, String what) throws BadEventException {
        try {
            if (Json.decodeValue(text) instanceof JsonObject event) {
                return event;
            }
        } catch (DecodeException e) {
            // Not passed on: it quotes the text.
        }
        throw new BadEventException(INVALID_JSON, null, what + " is no JSON object");
    }

    private static ClientEvent read(Fields fields) throws BadEventException {
        String type = fields.required("type", fields.text("type"));
        String eventId = fields.name("event_id", LONGEST_NAME);
        return switch (type) {
            case "response.create" -> createOnSocket(eventId, fields);
            case "response.cancel" -> cancel(eventId, fields);
            case "response.resume" -> resume(eventId, fields);
            default ->
                throw new BadEventException(
                        UNKNOWN_EVENT, "type", "type must be one of response.create, response.cancel, response.resume");
        };
    }

    private static CreateResponse createOnSocket(@Nullable String eventId, Fields fields) throws BadEventException {
        refuseEffect(fields, "stream", true);
        return create(eventId, fields);
    }

    private static CreateResponse create(@Nullable String eventId, Fields fields) throws BadEventException {
        String model = fields.name("model", LONGEST_NAME);
        List<Message> messages = MessagesReader.read(fields);
        String conversation = conversation(fields);
        Sampling sampling = Sampling.newBuilder(SamplingReader.read(fields, LIMITS))
                .setResponseFormat(FormatReader.read(fields))
                .build();
        String language = fields.name("language", LONGEST_NAME);
        String adapter = fields.name("adapter", LONGEST_NAME);
        boolean background = Boolean.TRUE.equals(fields.flag("background"));
        for (var effect : WITHOUT_EFFECT.entrySet()) {
            refuseEffect(fields, effect.getKey(), effect.getValue());
        }
        Turn turn = turn(fields, messages, conversation);
        fields.refuseUnknown();
        return new CreateResponse(
                eventId,
                model,
                conversation == null ? ConversationKey.of(messages) : conversation,
                messages,
                sampling,
                language,
                adapter,
                background,
                turn);
    }

    private static Turn turn(Fields fields, List<Message> messages, @Nullable String conversation)
            throws BadEventException {
        boolean instructed = fields.text("instructions") != null;
        String previous = fields.name("previous_response_id", LONGEST_CURSOR);
        fields.require(
                previous == null || conversation == null,
                "conversation",
                "is that of previous_response_id: only one of them may be given");
        Turn turn = new Turn(
                null,
                Boolean.TRUE.equals(fields.flag("store")),
                previous,
                !Boolean.FALSE.equals(fields.flag("include_history")),
                instructed ? messages.get(0) : null,
                instructed ? messages.subList(1, messages.size()) : messages);
        if (turn.store()) {
            turn.requireRoom();
        }
        return turn;
    }

    /** A string, or an object with the id. */
    private static @Nullable String conversation(Fields fields) throws BadEventException {
        if (fields.any("conversation") instanceof JsonObject object) {
            Fields named = new Fields(object, "conversation.");
            String id = named.required("id", named.name("id", LONGEST_NAME));
            named.refuseUnknown();
            return id;
        }
        return fields.name("conversation", LONGEST_NAME);
    }

    private static void refuseEffect(Fields fields, String name, Object accepted) throws BadEventException {
        Object value = fields.any(name);
        if (value != null && !value.equals(accepted)) {
            throw new BadEventException(
                    UNSUPPORTED_VALUE, name, name + " can only be " + accepted + " here: leave it out");
        }
    }

    private static CancelResponse cancel(@Nullable String eventId, Fields fields) throws BadEventException {
        String responseId = fields.required("response_id", fields.name("response_id", LONGEST_CURSOR));
        fields.refuseUnknown();
        return new CancelResponse(eventId, responseId);
    }

    private static ResumeResponse resume(@Nullable String eventId, Fields fields) throws BadEventException {
        String cursor = fields.required("cursor", fields.name("cursor", LONGEST_CURSOR));
        Integer startingAfter = fields.integer("starting_after", -1, MOST_STARTING_AFTER);
        fields.refuseUnknown();
        return new ResumeResponse(eventId, cursor, startingAfter == null ? -1 : startingAfter);
    }
}
