package dev.millrace.worker.engine;

/**
 * A ceiling on the tokens a second of each stream. It is there for tests, which must meet a completion in mid-stream
 * whatever the machine's speed. Streams take their steps together, at the ticks of one clock, as they do without a
 * ceiling: steps of a stream each would keep a processor busy that the test needs.
 *
 * @param intervalNanos between two ticks, in nanoseconds; 0: no ceiling
 */
public record Pace(long intervalNanos) {
    public static final Pace UNLIMITED = new Pace(0);

    /** As many tokens a second; 0: no ceiling. */
    public static Pace of(double tokensPerSecond) {
        return tokensPerSecond == 0 ? UNLIMITED : new Pace((long) (1e9 / tokensPerSecond));
    }

    /** Nanoseconds until a slot may take its next step; 0 or less: now. */
    long untilDue(Slot slot, long nowNanos) {
        return intervalNanos == 0 ? 0 : tick(slot.lastStepNanos()) + intervalNanos - nowNanos;
    }

    /** The last one until then. */
    private long tick(long nanos) {
        return nanos - Math.floorMod(nanos, intervalNanos);
    }
}
