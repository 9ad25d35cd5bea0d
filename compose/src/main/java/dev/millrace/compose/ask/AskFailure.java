package dev.millrace.compose.ask;

/** There is no answer, or not a whole one. The message is one line for the person who asked. */
final class AskFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AskFailure(String message) {
        super(message);
    }

    AskFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
