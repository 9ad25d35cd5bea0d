package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Timings;

/** Where the time of one completion goes; instants as of {@link System#nanoTime}. Owned by the engine's thread. */
final class Stopwatch {
    private static final double NANOS_PER_MS = 1e6;

    private final long submittedNanos;
    private long admittedNanos;
    private long firstTokenNanos;
    private long lastTokenNanos;
    private boolean admitted;
    private boolean started;

    Stopwatch(long nowNanos) {
        submittedNanos = nowNanos;
        admittedNanos = nowNanos;
        firstTokenNanos = nowNanos;
        lastTokenNanos = nowNanos;
    }

    boolean admitted() {
        return admitted;
    }

    /** It has left the queue for the first time. */
    void onAdmitted(long nowNanos) {
        admitted = true;
        admittedNanos = nowNanos;
        firstTokenNanos = nowNanos;
        lastTokenNanos = nowNanos;
    }

    void onToken(long nowNanos) {
        if (!started) {
            started = true;
            firstTokenNanos = nowNanos;
        }
        lastTokenNanos = nowNanos;
    }

    long lastStepNanos() {
        return lastTokenNanos;
    }

    Timings timings() {
        return new Timings(
                (admittedNanos - submittedNanos) / NANOS_PER_MS,
                (firstTokenNanos - admittedNanos) / NANOS_PER_MS,
                (lastTokenNanos - firstTokenNanos) / NANOS_PER_MS);
    }
}
