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
    final TopicPartition partition;
    /** All before has been handed over. */
    private long next;
    /** From where on the live consumer has all. */
    private long end = UNKNOWN;
    /** Set by whoever asked for it, read by the catch-up thread. */
    private volatile boolean stopped;

    Reading(Cursor start, Instant createdAt, ReplyListener listener) {
        this.promptId = start.promptId();
        this.createdAt = createdAt;
        this.listener = listener;
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

    /** All before this has been handed over. */
    void onRead(long before) {
        next = Math.max(next, before);
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
