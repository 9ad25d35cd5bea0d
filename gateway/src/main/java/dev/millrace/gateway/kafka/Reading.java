package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Cursor;
import java.time.Instant;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;

/**
 * One resumed response on its way to the live consumer. Owned by the catch-up thread, but for {@link #stop}: whoever
 * asked for it only holds it to stop it, or to have it read further.
 */
public final class Reading {
    static final long UNKNOWN = -1;

    final UUID promptId;
    final Instant createdAt;
    final ReplyListener listener;
    final Window window;
    final TopicPartition partition;
    /** All before has been handed over. */
    private long next;
    /** Whether the window had no room for what came next. */
    private boolean full;
    /** From where on the live consumer has all. */
    private long end = UNKNOWN;
    /** Set by whoever asked for it, read by the catch-up thread. */
    private volatile boolean stopped;

    Reading(Cursor start, Instant createdAt, ReplyListener listener, Window window) {
        this.promptId = start.promptId();
        this.createdAt = createdAt;
        this.listener = listener;
        this.window = window;
        this.partition = new TopicPartition(start.topic(), start.partition());
        this.next = start.offset();
    }

    /** Nothing more is read for it, but for what is on its way. Any thread. Idempotent. */
    public void stop() {
        stopped = true;
    }

    boolean stopped() {
        return stopped;
    }

    long next() {
        return next;
    }

    /** Whether this event is handed over: none twice, and where there is no room it and all behind it come later. */
    boolean takes(long offset, int bytes) {
        if (full || offset < next) {
            return false;
        }
        full = !window.open();
        next = full ? offset : offset + 1;
        if (!full) {
            window.add(bytes);
        }
        return !full;
    }

    /** All before this has been looked at. */
    void onRead(long before) {
        next = full ? next : Math.max(next, before);
        full = false;
    }

    /**
     * From now on the live consumer's events come too, so that no more than those before need be read. Where that one
     * does not read the partition yet, it will.
     */
    void follow(ReplyConsumer live) {
        end = live.follow(promptId, partition, listener);
        if (stopped) { // it may have been while this was done
            live.unsubscribe(promptId, listener);
        }
    }

    /** Whether all that the live consumer does not give has been handed over. */
    boolean atItsEnd(ReplyConsumer live) {
        if (end == UNKNOWN) {
            end = live.position(partition);
        }
        return end != UNKNOWN && next >= end;
    }
}
