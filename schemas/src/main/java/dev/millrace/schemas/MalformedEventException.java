package dev.millrace.schemas;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The bytes are not the event that was expected. Reading them again will not help: the record belongs with the dead
 * letters.
 *
 * <p>The message never quotes what the bytes hold, and there is no cause: Avro's own exceptions do quote it.
 */
public final class MalformedEventException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What is wrong, as a closed choice. */
    public enum Fault {
        /** No bytes at all. */
        EMPTY,
        /** Something else than Avro's single-object encoding. */
        NOT_SINGLE_OBJECT,
        /** Written with a schema that this process does not have. */
        UNKNOWN_SCHEMA,
        /** An event of another type. */
        WRONG_TYPE,
        /** The bytes end too early. */
        TRUNCATED,
        /** The bytes do not follow their schema. */
        CORRUPT,
        /** A UUID that is none. */
        BAD_UUID,
        /** More bytes than the event needs. */
        TRAILING_BYTES,
        /** Not JSON, though it begins like it or says so. */
        INVALID_JSON,
        /** A JSON object with a field that is unknown, missing, or of another type: {@link #field} says which. */
        INVALID_FIELD,
        /** More bytes than an event may have. */
        TOO_LARGE,
        /** Framed with the id of a registry's schema, and no registry is configured. */
        NO_SCHEMA_REGISTRY;

        /** Stable and machine-readable, for headers and metrics. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Fault fault;
    private final @Nullable String field;

    /** @param message for people; never quotes the record */
    public MalformedEventException(Fault fault, String message) {
        this(fault, null, message);
    }

    MalformedEventException(Fault fault, @Nullable String field, String message) {
        super(message);
        this.fault = fault;
        this.field = field;
    }

    /** For metrics and dead-letter headers. */
    public Fault fault() {
        return fault;
    }

    /** The path of the field at fault, for example {@code messages[0].role}; null where it is none. */
    public @Nullable String field() {
        return field;
    }
}
