package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.Pace;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Takes the times of one response. Owned by its session's event loop. */
final class ResponseClock {
    private static final double NANOS_PER_MS = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private final LongSupplier nanoTime;
    private final long startedNanos;
    private long firstNanos;
    private int firstTokens;
    private int tokens;

    ResponseClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.startedNanos = nanoTime.getAsLong();
    }

    /** Notes when they came; true for the first. */
    boolean onTokens(int count) {
        boolean first = tokens == 0;
        if (first) {
            firstNanos = nanoTime.getAsLong();
            firstTokens = count;
        }
        tokens += count;
        return first;
    }

    double secondsToFirstToken() {
        return (firstNanos - startedNanos) / NANOS_PER_SECOND;
    }

    Pace pace() {
        return new Pace(tokens == 0 ? null : (firstNanos - startedNanos) / NANOS_PER_MS, tokensPerSecond());
    }

    /** The first event starts the clock, so its tokens do not count. */
    private @Nullable Double tokensPerSecond() {
        double seconds = (nanoTime.getAsLong() - firstNanos) / NANOS_PER_SECOND;
        int timed = tokens - firstTokens;
        return timed == 0 || seconds <= 0 ? null : timed / seconds;
    }
}
