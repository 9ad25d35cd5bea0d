package dev.millrace.worker.kafka;

/** There is no place to answer at, so the prompt goes to the dead letters. */
final class UnknownReplyPlaceException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownReplyPlaceException(String message) {
        super(message);
    }
}
