package dev.millrace.worker.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Sends records in the order in which each thread hands them in. The send thread owns the producer, whose send may
 * block on metadata or on a full buffer; those who hand in may not. A topic whose metadata was waited for in vain is not
 * waited for again at once: its records fail, and those of other topics go on.
 */
final class ChunkProducer implements RecordSender, AutoCloseable {
    /** Handed in and not yet taken by the producer. Full means that Kafka has been away for long. */
    private static final int CAPACITY = 1 << 16;

    private static final long MISSED_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final Duration CLOSE = Duration.ofSeconds(1);
    private static final long LOOK_FOR_CLOSE_MS = 100;

    private record Outgoing(ProducerRecord<byte[], byte[]> record, CompletableFuture<Long> sent) {}

    private final Producer<byte[], byte[]> producer;
    private final LongSupplier nanoClock;
    /** Until when records of a topic fail at once. Owned by the send thread. */
    private final Map<String, Long> missedUntilNanos = new HashMap<>();

    private final BlockingQueue<Outgoing> queue = new ArrayBlockingQueue<>(CAPACITY);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the send thread. */
    private volatile boolean closing;

    /** @param producer handed over: from {@link #start} on only the send thread touches it */
    ChunkProducer(String threadName, Producer<byte[], byte[]> producer, LongSupplier nanoClock) {
        this.producer = producer;
        this.nanoClock = nanoClock;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the send thread. The future completes when it has ended. */
    CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    @Override
    public CompletableFuture<Long> send(ProducerRecord<byte[], byte[]> record) {
        CompletableFuture<Long> sent = new CompletableFuture<>();
        if (closing || !queue.offer(new Outgoing(record, sent))) {
            sent.completeExceptionally(new KafkaException("the queue of records to send is full or closed"));
        }
        return sent;
    }

    /** Gives what waits a second to be sent and another to land; the rest fails. Returns at once. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        while (!closing) {
            try {
                Outgoing outgoing = queue.poll(LOOK_FOR_CLOSE_MS, TimeUnit.MILLISECONDS);
                if (outgoing != null) {
                    send(outgoing);
                }
            } catch (InterruptedException e) {
                closing = true;
            }
        }
        try {
            sendWhatWaits(System.nanoTime() + CLOSE.toNanos());
            producer.close(CLOSE);
        } finally {
            queue.forEach(left -> left.sent().completeExceptionally(new KafkaException("the producer is closed")));
            ended.complete(null);
        }
    }

    private void sendWhatWaits(long deadlineNanos) {
        while (!queue.isEmpty() && System.nanoTime() < deadlineNanos) {
            send(queue.remove());
        }
    }

    private void send(Outgoing outgoing) {
        String topic = outgoing.record().topic();
        if (missed(topic)) {
            outgoing.sent()
                    .completeExceptionally(new TimeoutException("the topic " + topic + " was not found just now"));
            return;
        }
        try {
            Future<RecordMetadata> unused = producer.send(outgoing.record(), (metadata, failure) -> {
                if (failure == null) {
                    outgoing.sent().complete(metadata.offset());
                } else {
                    noteIfMissed(topic, failure);
                    outgoing.sent().completeExceptionally(failure);
                }
            });
        } catch (Throwable t) { // whatever it is, the record's sender hears of it
            outgoing.sent().completeExceptionally(t);
        }
    }

    private boolean missed(String topic) {
        Long untilNanos = missedUntilNanos.get(topic);
        return untilNanos != null && nanoClock.getAsLong() - untilNanos < 0;
    }

    /** Within send, the producer calls back on the send thread, and says so when it has waited for metadata in vain. */
    private void noteIfMissed(String topic, Exception failure) {
        if (Thread.currentThread() == thread
                && failure instanceof TimeoutException
                && !(failure instanceof BufferExhaustedException)) {
            missedUntilNanos.put(topic, nanoClock.getAsLong() + MISSED_NANOS);
        }
    }
}
