package dev.millrace.schemas;

import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.TokenLogprobs;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one reply event means to a reader of one prompt. */
public sealed interface Delivery {
    /** A worker took the prompt, for the first time or after another one. */
    record Accepted(Claim claim) implements Delivery {}

    /** A sign of life; for show. */
    record Progressed(Progress progress) implements Delivery {}

    /**
     * The next tokens.
     *
     * @param firstIndex the index of {@code ids[0]}; all before it has been delivered
     * @param logprobs one for each id; null when they were not asked for
     */
    record Text(
            int firstIndex,
            List<Integer> ids,
            String text,
            @Nullable List<TokenLogprobs> logprobs) implements Delivery {}

    /** All text so far is void; index 0 comes next. */
    record StartedOver(String reason) implements Delivery {}

    /** The terminal: nothing more will be delivered. */
    record Ended(Finished finished) implements Delivery {}

    /** Not this prompt's, or it does not count. */
    enum Ignored implements Delivery {
        IGNORED
    }
}
