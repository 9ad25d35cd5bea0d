package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps what it hears, and minds that indices have no gap and nothing follows the end. */
class RecordingListener implements CompletionListener {
    final List<Integer> ids = new ArrayList<>();
    final List<TokenLogprobs> logprobs = new ArrayList<>();
    final List<String> progress = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    volatile @Nullable FinishReason reason;
    Usage usage = new Usage(0, 0, 0, 0);
    String errorCode = "";

    @Override
    public synchronized void onProgress(@Nullable Integer queuePosition, int prefilledTokens, int promptTokens) {
        progress.add(queuePosition == null ? prefilledTokens + "/" + promptTokens : "queue " + queuePosition);
    }

    @Override
    public synchronized void onTokens(
            int firstIndex, List<Integer> next, String released, @Nullable List<TokenLogprobs> nextLogprobs) {
        if (reason != null || firstIndex != ids.size()) {
            throw new AssertionError("tokens from index " + firstIndex + " after " + ids.size() + ", " + reason);
        }
        ids.addAll(next);
        logprobs.addAll(nextLogprobs == null ? List.of() : nextLogprobs);
        text.append(released);
    }

    @Override
    public synchronized void onFinished(
            FinishReason why, String heldBack, Usage used, Timings timings, @Nullable Failure what) {
        if (reason != null) {
            throw new AssertionError("a second end: " + why + " after " + reason);
        }
        text.append(heldBack);
        usage = used;
        if (what != null) {
            errorCode = what.getCode();
        }
        reason = why;
    }

    /** Starts where an earlier listener left off. */
    RecordingListener after(List<Integer> earlier) {
        ids.addAll(earlier);
        return this;
    }
}
