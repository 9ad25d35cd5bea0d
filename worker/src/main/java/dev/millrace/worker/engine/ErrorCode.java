package dev.millrace.worker.engine;

import java.util.Locale;

/** The stable codes of a prompt that ends in an error. */
public enum ErrorCode {
    /** A field of the prompt is missing or out of its range. */
    INVALID_PROMPT,
    /** The prompt leaves no room for an answer in the model's context. */
    CONTEXT_LENGTH_EXCEEDED,
    /** The prompt asks for a model that this worker does not have. */
    MODEL_NOT_FOUND,
    /** The prompt asks for an adapter that this worker does not have. */
    ADAPTER_NOT_FOUND,
    /** The reply log no longer reaches back to where this prompt's answer may have begun. */
    HISTORY_LOST,
    /** Workers crashed over this prompt time and again, at last with nothing else running. */
    POISONOUS,
    /** The whole answer is larger than its topic takes; what was streamed is complete. */
    ANSWER_TOO_LARGE,
    /** The worker's own fault. */
    INTERNAL;

    /** The code as it stands in events, for example {@code context_length_exceeded}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
