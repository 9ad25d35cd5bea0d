package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import org.jspecify.annotations.Nullable;

/**
 * How a response ended: by its worker's word, or because the gateway could do no more for it.
 *
 * @param usage null where no worker said
 * @param timings null where no worker said
 * @param failure set exactly when the reason is ERROR
 */
public record Ending(
        FinishReason reason,
        @Nullable Usage usage,
        @Nullable Timings timings,
        @Nullable Failure failure) {

    public static Ending of(Finished finished) {
        return new Ending(finished.getReason(), finished.getUsage(), finished.getTimings(), finished.getError());
    }

    public static Ending of(Completion answer) {
        return new Ending(answer.getReason(), answer.getUsage(), answer.getTimings(), answer.getError());
    }

    /** The gateway gives up on it. */
    public static Ending failed(ErrorCode code, String message) {
        return new Ending(FinishReason.ERROR, null, null, new Failure(code.code(), message, null));
    }
}
