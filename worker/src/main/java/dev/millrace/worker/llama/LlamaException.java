package dev.millrace.worker.llama;

/** The one exception of the native side. Its message carries what llama.cpp last said about it, never prompt text. */
public final class LlamaException extends RuntimeException {
    private final LlamaError error;
    private final String detail;

    public LlamaException(LlamaError error, String detail) {
        super(error + ": " + detail);
        this.error = error;
        this.detail = detail;
    }

    public LlamaError error() {
        return error;
    }

    /** The message without the name of the error. */
    public String detail() {
        return detail;
    }

    /** The same, naming what it is about. */
    LlamaException about(String subject) {
        return new LlamaException(error, subject + ": " + detail);
    }
}
