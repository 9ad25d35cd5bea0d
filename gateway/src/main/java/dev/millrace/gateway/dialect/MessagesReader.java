package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.INVALID_TYPE;
import static dev.millrace.gateway.dialect.ErrorCode.INVALID_VALUE;
import static dev.millrace.gateway.dialect.ErrorCode.PROMPT_TOO_LARGE;
import static dev.millrace.gateway.dialect.ErrorCode.UNSUPPORTED_PARAMETER;
import static dev.millrace.gateway.dialect.ErrorCode.UNSUPPORTED_VALUE;

import dev.millrace.schemas.TopicRules;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Reads {@code instructions} and {@code input}, or {@code messages}, into the messages of a prompt. */
final class MessagesReader {
    /** The rest of the prompt, names and sampling, fits beside it. */
    private static final int MOST_BYTES = TopicRules.MAX_PROMPT_BYTES - TopicRules.BATCH_HEADROOM_BYTES;
    /** At most: its role and the length of its content. */
    private static final int BYTES_BESIDE_CONTENT = 8;
    /**
     * What the dialects disagree about.
     *
     * @param list where the messages stand
     * @param textParts the types of parts that are text
     * @param empty stand in messages that a client hands back as history, and must say nothing
     * @param ofNoMeaning stand there too, and say nothing to a model
     */
    private record Shape(String list, Set<String> textParts, Set<String> empty, Set<String> ofNoMeaning) {}

    private static final Shape RESPONSES = new Shape(
            "input", new TreeSet<>(Set.of("input_text", "output_text")), Set.of(), Set.of("id", "status", "phase"));
    private static final Shape CHAT = new Shape(
            "messages",
            Set.of("text"),
            Set.of("refusal", "audio", "function_call", "tool_calls", "name", "tool_call_id"),
            Set.of("annotations"));
    private static final Set<String> OF_NO_MEANING_IN_PARTS = Set.of("annotations", "logprobs");

    private final Shape shape;
    private final List<Message> messages = new ArrayList<>();
    private long bytes;

    private MessagesReader(Shape shape) {
        this.shape = shape;
    }

    static List<Message> read(Fields fields) throws BadEventException {
        MessagesReader reader = new MessagesReader(RESPONSES);
        String instructions = fields.text("instructions");
        if (instructions != null) {
            reader.add(Role.SYSTEM, instructions);
        }
        reader.addInput(fields.required("input", fields.any("input")));
        return List.copyOf(reader.messages);
    }

    /** Of a chat completion. */
    static List<Message> chat(Fields fields) throws BadEventException {
        MessagesReader reader = new MessagesReader(CHAT);
        if (!(fields.required("messages", fields.any("messages")) instanceof JsonArray items)) {
            throw fields.wrongType("messages", "a list of messages");
        }
        reader.addInput(items);
        return List.copyOf(reader.messages);
    }

    private void add(Role role, String content) throws BadEventException {
        messages.add(new Message(role, content));
        bytes += Utf8.length(content) + BYTES_BESIDE_CONTENT;
        if (bytes > MOST_BYTES) {
            throw new BadEventException(
                    PROMPT_TOO_LARGE, shape.list(), "a prompt's messages may have " + MOST_BYTES + " bytes together");
        }
    }

    private void addInput(Object input) throws BadEventException {
        if (input instanceof String) {
            add(Role.USER, Fields.asText("input", input));
        } else if (input instanceof JsonArray items) {
            for (int i = 0; i < items.size(); i++) {
                addItem(shape.list() + "[" + i + "]", items.getValue(i));
            }
        } else {
            throw new BadEventException(INVALID_TYPE, "input", "input must be a string or a list of messages");
        }
        if (messages.isEmpty() || messages.get(messages.size() - 1).getRole() != Role.USER) {
            throw new BadEventException(INVALID_VALUE, shape.list(), "the last message must be the user's");
        }
    }

    private void addItem(String path, Object item) throws BadEventException {
        Fields message = new Fields(object(path, item), path + ".");
        String type = message.text("type");
        if (type != null && !type.equals("message")) {
            throw new BadEventException(UNSUPPORTED_VALUE, path + ".type", path + ".type can only be message");
        }
        Role role = role(path + ".role", message.required("role", message.text("role")));
        String content = content(path + ".content", message.required("content", message.any("content")));
        shape.ofNoMeaning().forEach(message::any);
        for (String name : shape.empty()) {
            Object value = message.any(name);
            if (value != null && !value.equals(new JsonArray())) {
                throw new BadEventException(
                        UNSUPPORTED_PARAMETER, path + "." + name, path + "." + name + " is not supported");
            }
        }
        message.refuseUnknown();
        add(role, content);
    }

    private Role role(String path, String name) throws BadEventException {
        return switch (name) {
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            case "system", "developer" -> {
                if (!messages.isEmpty()) {
                    throw new BadEventException(
                            INVALID_VALUE, path, path + ": the system part, or instructions, may only come first");
                }
                yield Role.SYSTEM;
            }
            default ->
                throw new BadEventException(
                        INVALID_VALUE, path, path + " must be one of user, assistant, system, developer");
        };
    }

    private String content(String path, Object content) throws BadEventException {
        if (!(content instanceof JsonArray parts)) {
            return Fields.asText(path, content);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            text.append(part(path + "[" + i + "]", parts.getValue(i)));
        }
        return text.toString();
    }

    private String part(String path, Object value) throws BadEventException {
        Fields part = new Fields(object(path, value), path + ".");
        if (!shape.textParts().contains(part.required("type", part.text("type")))) {
            throw new BadEventException(
                    UNSUPPORTED_VALUE,
                    path + ".type",
                    path + ".type must be " + String.join(" or ", shape.textParts()));
        }
        String text = part.required("text", part.text("text"));
        OF_NO_MEANING_IN_PARTS.forEach(part::any);
        part.refuseUnknown();
        return text;
    }

    private static JsonObject object(String path, Object value) throws BadEventException {
        if (!(value instanceof JsonObject object)) {
            throw new BadEventException(INVALID_TYPE, path, path + " must be an object");
        }
        return object;
    }
}
