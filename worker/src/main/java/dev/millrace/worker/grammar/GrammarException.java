package dev.millrace.worker.grammar;

/** A grammar or a schema that cannot be kept to. The message says what is wrong with it, and where. */
public final class GrammarException extends Exception {
    private static final long serialVersionUID = 1L;

    GrammarException(String message) {
        super(message);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
