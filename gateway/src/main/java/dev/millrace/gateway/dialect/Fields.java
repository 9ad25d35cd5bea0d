package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.INVALID_TYPE;
import static dev.millrace.gateway.dialect.ErrorCode.INVALID_VALUE;
import static dev.millrace.gateway.dialect.ErrorCode.MISSING_REQUIRED_PARAMETER;
import static dev.millrace.gateway.dialect.ErrorCode.UNKNOWN_PARAMETER;

import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object. Every known one is asked for by name and type; what nobody asked for is unknown and
 * refused at the end. Null is the same as left out, as everywhere in this dialect.
 *
 * <p>Owned by the thread that reads the event.
 */
final class Fields {
    /** Of what is told of names that clients make up: an answer must not grow with what it answers. */
    private static final int LONGEST_NAME = 64;

    private static final int MOST_NAMES = 8;

    private final JsonObject object;
    private final String path;
    private final Set<String> asked = new HashSet<>();

    /** @param path where the object stands, for example {@code input[0].}; empty for the event itself */
    Fields(JsonObject object, String path) {
        this.object = object;
        this.path = path;
    }

    /** The field's full name; of a very long one, which only an unknown field has, the beginning. */
    String path(String name) {
        return path + (name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "…");
    }

    @Nullable
    Object any(String name) {
        asked.add(name);
        return object.getValue(name);
    }

    @Nullable
    String text(String name) throws BadEventException {
        Object value = any(name);
        return value == null ? null : asText(path(name), value);
    }

    /** A text of 1 to so many characters. */
    @Nullable
    String name(String name, int mostCharacters) throws BadEventException {
        String text = text(name);
        return text == null ? null : bounded(path(name), text, mostCharacters);
    }

    /** The fields of an object within. */
    @Nullable
    Fields object(String name) throws BadEventException {
        Object value = any(name);
        if (value != null && !(value instanceof JsonObject)) {
            throw wrongType(name, "an object");
        }
        return value == null ? null : new Fields((JsonObject) value, path(name) + ".");
    }

    @Nullable
    Boolean flag(String name) throws BadEventException {
        Object value = any(name);
        if (value != null && !(value instanceof Boolean)) {
            throw wrongType(name, "true or false");
        }
        return (Boolean) value;
    }

    @Nullable
    Integer integer(String name, int min, int max) throws BadEventException {
        Long number = integer(name);
        if (number == null) {
            return null;
        }
        require(number >= min && number <= max, name, "must be from " + min + " to " + max);
        return number.intValue();
    }

    /** A whole number of 64 bits. */
    @Nullable
    Long integer(String name) throws BadEventException {
        Object value = any(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof Integer) && !(value instanceof Long)) {
            throw wrongType(name, "a whole number of at most 64 bits");
        }
        return ((Number) value).longValue();
    }

    /** A number whose bounds are both allowed. */
    @Nullable
    Float real(String name, double min, double max) throws BadEventException {
        Float number = real(name);
        require(number == null || (number >= min && number <= max), name, "must be from " + min + " to " + max);
        return number;
    }

    /** A number above zero. */
    @Nullable
    Float positive(String name, double max) throws BadEventException {
        Float number = real(name);
        require(number == null || (number > 0 && number <= max), name, "must be above 0 and at most " + max);
        return number;
    }

    private @Nullable Float real(String name) throws BadEventException {
        Object value = any(name);
        if (value != null && !(value instanceof Number)) {
            throw wrongType(name, "a number");
        }
        return value == null ? null : ((Number) value).floatValue();
    }

    <T> T required(String name, @Nullable T value) throws BadEventException {
        if (value == null) {
            throw new BadEventException(MISSING_REQUIRED_PARAMETER, path(name), path(name) + " is required");
        }
        return value;
    }

    void require(boolean holds, String name, String rule) throws BadEventException {
        if (!holds) {
            throw new BadEventException(INVALID_VALUE, path(name), path(name) + " " + rule);
        }
    }

    BadEventException wrongType(String name, String wanted) {
        return new BadEventException(INVALID_TYPE, path(name), path(name) + " must be " + wanted);
    }

    /** Names the fields that nobody asked for, or the first of them. */
    void refuseUnknown() throws BadEventException {
        List<String> unknown = object.fieldNames().stream()
                .filter(name -> !asked.contains(name))
                .map(this::path)
                .limit(MOST_NAMES)
                .toList();
        if (!unknown.isEmpty()) {
            throw new BadEventException(
                    UNKNOWN_PARAMETER, unknown.get(0), "unknown to this gateway: " + String.join(", ", unknown));
        }
    }

    static String asText(String path, Object value) throws BadEventException {
        if (!(value instanceof String text)) {
            throw new BadEventException(INVALID_TYPE, path, path + " must be a string");
        }
        if (!Utf8.isWellFormed(text)) {
            throw new BadEventException(INVALID_VALUE, path, path + " holds half of a surrogate pair");
        }
        return text;
    }

    static String bounded(String path, String text, int mostCharacters) throws BadEventException {
        if (text.isEmpty() || text.length() > mostCharacters) {
            throw new BadEventException(
                    INVALID_VALUE, path, path + " must have 1 to " + mostCharacters + " characters");
        }
        return text;
    }
}
