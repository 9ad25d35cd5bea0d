package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.UNSUPPORTED_VALUE;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/** A kept conversation as clients see it: what they say of it when they create one, and what they hear. */
public final class ConversationObject {
    private static final int MOST_METADATA = 16;
    private static final int LONGEST_KEY = 64;
    private static final int LONGEST_VALUE = 512;

    private ConversationObject() {}

    /** Reads the metadata of one to be created. Its first turns come as any others. */
    public static Map<String, String> readBody(String body) throws BadEventException {
        Fields fields = new Fields(ClientEventReader.parse(body, "the body"), "");
        Map<String, String> metadata = metadata(fields);
        Object items = fields.any("items");
        if (items != null && !items.equals(new JsonArray())) {
            throw new BadEventException(
                    UNSUPPORTED_VALUE, "items", "items can only be empty: begin with the input of a response");
        }
        fields.refuseUnknown();
        return metadata;
    }

    private static Map<String, String> metadata(Fields fields) throws BadEventException {
        Map<String, String> metadata = new TreeMap<>();
        if (fields.any("metadata") instanceof JsonObject object) {
            fields.require(object.size() <= MOST_METADATA, "metadata", "may have " + MOST_METADATA + " entries");
            Fields entries = new Fields(object, "metadata.");
            for (String key : object.fieldNames()) {
                Fields.bounded("a key of metadata", Fields.asText("a key of metadata", key), LONGEST_KEY);
                String value = entries.required(key, entries.text(key));
                entries.require(value.length() <= LONGEST_VALUE, key, "may have " + LONGEST_VALUE + " characters");
                metadata.put(key, value);
            }
        } else if (fields.any("metadata") != null) {
            throw fields.wrongType("metadata", "an object");
        }
        return metadata;
    }

    /** As OpenAI's clients expect it. */
    public static String encode(String id, Instant createdAt, Map<String, String> metadata) {
        return new JsonObject()
                .put("id", id)
                .put("object", "conversation")
                .put("created_at", createdAt.getEpochSecond())
                .put("metadata", new JsonObject(Map.copyOf(metadata)))
                .encode();
    }
}
