package dev.millrace.worker.kafka;

/** There is no place to answer at, or it is gone for good, so the prompt goes to the dead letters. */
final class UnknownReplyPlaceException extends Exception {
    private static final long serialVersionUID = 1L;
    /** Stable and machine-readable, for the dead letter's headers. */
    static final String CODE = "unknown_reply_place";

    UnknownReplyPlaceException(String message) {
        super(message);
    }
}
