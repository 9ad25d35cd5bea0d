package dev.millrace.worker.kafka;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What to say of something that is tried over and over: the first failure, then ever more rarely that it goes on, then
 * once that it is over. Owned by the thread that tries.
 */
final class OutageLog {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    private final String what;
    private final LongSupplier nanoClock;
    private final Consumer<String> log;
    private boolean failing;
    private long sinceNanos;
    private long saidNanos;
    private Duration pause = FIRST_PAUSE;

    /**
     * Nothing has failed yet.
     *
     * @param what fails or works again, the beginning of each line
     */
    OutageLog(String what, LongSupplier nanoClock, Consumer<String> log) {
        this.what = what;
        this.nanoClock = nanoClock;
        this.log = log;
    }

    void failed(Exception failure) {
        long nowNanos = nanoClock.getAsLong();
        if (!failing) {
            failing = true;
            sinceNanos = nowNanos;
            pause = FIRST_PAUSE;
            say(nowNanos, what + " failed and is tried again: " + failure);
        } else if (nowNanos - saidNanos >= pause.toNanos()) {
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            say(nowNanos, what + " has failed for " + seconds(nowNanos) + " s: " + failure);
        }
    }

    void succeeded() {
        if (failing) {
            failing = false;
            log.accept(what + " works again after " + seconds(nanoClock.getAsLong()) + " s");
        }
    }

    private void say(long nowNanos, String line) {
        saidNanos = nowNanos;
        log.accept(line);
    }

    private long seconds(long nowNanos) {
        return Duration.ofNanos(nowNanos - sinceNanos).toSeconds();
    }
}
