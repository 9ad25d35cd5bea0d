package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Cursor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a resumed response has in the log already, with one consumer for all of them, and hands over to the live
 * one. However far back a response goes, live streams do not wait for it, and no other waits longer than its turn: each
 * gets one fetch at a time, and what that holds for others of the partition they get too.
 *
 * <p>No event is left out in a hand-over, since the live consumer says from where on it has all; one that both give is
 * passed over by its offset. Its thread makes every call to the consumer.
 */
public final class CatchUp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CatchUp.class);
    /** How soon a close is noticed. */
    private static final Duration POLL = Duration.ofMillis(100);

    private static final long UNKNOWN = -1;

    /** One response on its way to the live consumer. Owned by the thread, but for {@link #stop}. */
    public static final class Reading {
        private final Cursor start;
        private final TopicPartition partition;
        private final ReplyListener listener;
        private long next;
        /** From where on the live consumer has all. */
        private long end = UNKNOWN;
        /** Set by whoever asked for it, read by the thread. */
        private volatile boolean stopped;

        private Reading(Cursor start, ReplyListener listener) {
            this.start = start;
            this.partition = new TopicPartition(start.topic(), start.partition());
            this.listener = listener;
            this.next = start.offset();
        }

        /** Nothing more is read for it, but for what is on its way. Any thread. Idempotent. */
        public void stop() {
            stopped = true;
        }
    }

    private final Consumer<byte[], byte[]> consumer;
    private final ReplyConsumer live;
    private final LinkedBlockingQueue<Reading> incoming = new LinkedBlockingQueue<>();
    private final Deque<Reading> readings = new ArrayDeque<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the thread. */
    private volatile boolean closing;

    /** Hands the consumer over: from {@link #start} on only the thread touches it. */
    public CatchUp(String threadName, Consumer<byte[], byte[]> consumer, ReplyConsumer live) {
        this.consumer = consumer;
        this.live = live;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the thread. The future completes when it has ended, exceptionally when it gave up on an error. */
    public CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    /**
     * The listener hears all that is said of this prompt from the cursor on: first what was said already, then {@link
     * ReplyListener#onCaughtUp}, and what comes. Live events may come in between. Any thread; never blocks.
     */
    public Reading read(Cursor from, ReplyListener listener) {
        Reading reading = new Reading(from, listener);
        incoming.add(reading);
        return reading;
    }

    /** Returns at once; the future of {@link #start} tells when it is done. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        try {
            while (!closing) {
                awaitReading();
                turn();
            }
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            ended.complete(null);
        } catch (Throwable t) { // the top of this thread's loop: whoever waits on the future hears of it
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            ended.completeExceptionally(t);
        }
    }

    private void awaitReading() throws InterruptedException {
        if (readings.isEmpty()) {
            Reading first = incoming.poll(POLL.toMillis(), TimeUnit.MILLISECONDS);
            if (first != null) {
                readings.add(first);
            }
        }
    }

    /** One turn of the loop: a fetch for whoever has waited longest. */
    void turn() {
        incoming.drainTo(readings);
        readings.removeIf(reading -> reading.stopped);
        Reading first = readings.poll();
        if (first == null) {
            return;
        }
        readings.add(first);
        try {
            seek(first);
            handOver(first, consumer.poll(POLL));
            readings.removeIf(this::atItsEnd);
        } catch (OffsetOutOfRangeException e) {
            onExpired(first.partition);
        } catch (RetriableException e) {
            LOG.warn("A response's log could not be read and will be tried again: {}", e.toString());
        }
    }

    /** Where the consumer stands there already, it goes on with what it has fetched ahead. */
    private void seek(Reading first) {
        if (!consumer.assignment().equals(Set.of(first.partition))) {
            consumer.assign(List.of(first.partition));
            consumer.seek(first.partition, first.next);
        } else if (consumer.position(first.partition) != first.next) {
            consumer.seek(first.partition, first.next);
        }
    }

    /** Of the others only those can use it that have all that comes before. */
    private void handOver(Reading first, ConsumerRecords<byte[], byte[]> records) {
        long from = first.next;
        long to = consumer.position(first.partition);
        Map<String, List<Reading>> byKey = new LinkedHashMap<>();
        List<Reading> served = readings.stream()
                .filter(reading -> reading.partition.equals(first.partition) && reading.next >= from)
                .toList();
        served.forEach(reading -> byKey.computeIfAbsent(reading.start.promptId().toString(), id -> new ArrayList<>())
                .add(reading));
        Map<ReplyListener, List<Reply>> batches = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            Reply reply = decode(record, byKey);
            if (reply != null) {
                byKey.getOrDefault(reply.event().getPromptId().toString(), List.of()).stream()
                        .filter(reading -> reading.next <= record.offset())
                        .forEach(reading -> batches.computeIfAbsent(reading.listener, listener -> new ArrayList<>())
                                .add(reply));
            }
        }
        batches.forEach(ReplyListener::onEarlier);
        served.forEach(reading -> reading.next = Math.max(reading.next, to));
    }

    private static @Nullable Reply decode(ConsumerRecord<byte[], byte[]> record, Map<String, List<Reading>> byKey) {
        String key = Reply.key(record);
        return key != null && byKey.containsKey(key) ? Reply.decode(record) : null;
    }

    /** Whether all that the live consumer does not give has been handed over. */
    private boolean atItsEnd(Reading reading) {
        if (reading.stopped) {
            return true;
        }
        if (reading.end == UNKNOWN && reading.next >= live.position(reading.partition)) {
            reading.end = live.follow(reading.start.promptId(), reading.partition, reading.listener);
        }
        if (reading.end == UNKNOWN || reading.next < reading.end) {
            return false;
        }
        reading.listener.onCaughtUp(reading.start.promptId());
        return true;
    }

    private void onExpired(TopicPartition partition) {
        long beginning = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
        readings.removeIf(reading -> {
            boolean expired = reading.partition.equals(partition) && reading.next < beginning;
            if (expired) {
                reading.listener.onExpired(reading.start.promptId());
            }
            return expired;
        });
    }
}
