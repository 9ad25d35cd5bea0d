package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Failure;
import org.jspecify.annotations.Nullable;

/** The client must change the prompt: it ends with this error, and no other prompt is disturbed. */
public final class PromptRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final @Nullable String param;

    /**
     * Refuses a prompt.
     *
     * @param param the field at fault by its name in the schema, or null where it is the prompt as a whole
     * @param message for people; never quotes the prompt's text
     */
    public PromptRefusedException(ErrorCode code, @Nullable String param, String message) {
        super(message);
        this.code = code;
        this.param = param;
    }

    public Failure failure() {
        return Failure.newBuilder()
                .setCode(code.code())
                .setMessage(String.valueOf(getMessage()))
                .setParam(param)
                .build();
    }
}
