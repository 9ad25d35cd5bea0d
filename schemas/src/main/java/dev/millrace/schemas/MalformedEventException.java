package dev.millrace.schemas;

import java.util.Locale;

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
        TRAILING_BYTES;

        /** Stable and machine-readable, for headers and metrics. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Fault fault;

    MalformedEventException(Fault fault, String message) {
        super(message);
        this.fault = fault;
    }

    /** For metrics and dead-letter headers. */
    public Fault fault() {
        return fault;
    }
}
