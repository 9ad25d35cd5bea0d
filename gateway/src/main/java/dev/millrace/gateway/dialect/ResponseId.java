package dev.millrace.gateway.dialect;

/** A response's public id: its cursor, so that every gateway finds its log from the id alone. */
public final class ResponseId {
    private static final String PREFIX = "resp_";

    private ResponseId() {}

    /** Of a response with this cursor. */
    public static String of(String cursor) {
        return PREFIX + cursor;
    }

    public static boolean is(String text) {
        return text.startsWith(PREFIX);
    }

    /** What to open; of a text that is no id, something that cannot be opened. */
    public static String cursor(String id) {
        return is(id) ? id.substring(PREFIX.length()) : "";
    }
}
