package dev.millrace.gateway.dialect;

import io.vertx.core.json.JsonObject;

/** Tells that something is deleted. */
public final class Deletion {
    private Deletion() {}

    /** Of the response of this id. */
    public static String ofResponse(String id) {
        return encoded(id, "response.deleted");
    }

    /** Of the conversation of this id. */
    public static String ofConversation(String id) {
        return encoded(id, "conversation.deleted");
    }

    private static String encoded(String id, String object) {
        return new JsonObject()
                .put("id", id)
                .put("object", object)
                .put("deleted", true)
                .encode();
    }
}
