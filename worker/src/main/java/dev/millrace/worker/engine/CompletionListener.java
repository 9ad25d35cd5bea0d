package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Usage;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Hears of one completion, on the engine's thread: must not block for long, since every other completion waits. */
public interface CompletionListener {
    /**
     * The device is about to take the completion up, and does so once the future has completed. If that fails, the
     * completion stays where it is until it is dropped or ends.
     */
    default CompletableFuture<?> onStart() {
        return CompletableFuture.completedFuture(null);
    }

    /**
     * A sign of life while there is nothing to say.
     *
     * @param queuePosition prompts that go before this one; null once it has left the queue
     * @param prefilledTokens prompt tokens that the device has processed or found in its cache
     */
    void onProgress(@Nullable Integer queuePosition, int prefilledTokens, int promptTokens);

    /**
     * The completion has grown.
     *
     * @param firstIndex the index of {@code ids[0]} in the completion
     * @param text whole characters that these ids release; may be empty
     * @param logprobs one for each id; null where they were not asked for
     */
    void onTokens(int firstIndex, List<Integer> ids, String text, @Nullable List<TokenLogprobs> logprobs);

    /**
     * The last word. Not called for a completion that was dropped.
     *
     * @param heldBack text that no event has carried yet
     * @param failure set exactly when the reason is ERROR
     */
    void onFinished(FinishReason reason, String heldBack, Usage usage, Timings timings, @Nullable Failure failure);
}
