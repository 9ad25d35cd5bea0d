package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.TokenLogprobs;
import java.util.List;

/**
 * One choice that came to its end.
 *
 * @param text all of it
 * @param logprobs one for each token; none where they were not asked for
 */
public record ChatChoice(String text, List<TokenLogprobs> logprobs, Ending ending, Pace pace) {
    FinishReason reason() {
        return ending.reason();
    }
}
