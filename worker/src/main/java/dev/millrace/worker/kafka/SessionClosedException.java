package dev.millrace.worker.kafka;

/** The partition is no longer this session's: whoever has it now goes on. */
final class SessionClosedException extends Exception {
    private static final long serialVersionUID = 1L;

    SessionClosedException() {
        super("the session of the prompt's partition is closed");
    }
}
