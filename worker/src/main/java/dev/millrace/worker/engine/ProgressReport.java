package dev.millrace.worker.engine;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** When a listener hears how far its prompt is: seldom, and only of what has changed. Owned by the engine's thread. */
final class ProgressReport {
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private record Progress(@Nullable Integer queuePosition, int prefilledTokens) {}

    private long toldNanos;
    private @Nullable Progress told;

    /** @param nowNanos when the prompt came, as {@link System#nanoTime}: it may take a while before there is a word of it */
    ProgressReport(long nowNanos) {
        this.toldNanos = nowNanos;
    }

    boolean due(long nowNanos) {
        return nowNanos - toldNanos >= INTERVAL_NANOS;
    }

    void tell(
            CompletionListener listener,
            @Nullable Integer queuePosition,
            int prefilledTokens,
            int promptTokens,
            long nowNanos) {
        Progress progress = new Progress(queuePosition, prefilledTokens);
        if (due(nowNanos) && !progress.equals(told)) {
            told = progress;
            toldNanos = nowNanos;
            listener.onProgress(queuePosition, prefilledTokens, promptTokens);
        }
    }
}
