package dev.millrace.worker.kafka;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;

/**
 * Sends records in the order in which each thread hands them in. The send thread owns the producer, whose send may
 * block on metadata or on a full buffer; those who hand in may not.
 */
final class ChunkProducer implements RecordSender, AutoCloseable {
    /** Handed in and not yet taken by the producer. Full means that Kafka has been away for long. */
    private static final int CAPACITY = 1 << 16;

    private static final Duration CLOSE = Duration.ofSeconds(1);
    private static final long LOOK_FOR_CLOSE_MS = 100;

    private record Outgoing(ProducerRecord<byte[], byte[]> record, CompletableFuture<Long> sent) {}

    private final Producer<byte[], byte[]> producer;
    private final BlockingQueue<Outgoing> queue = new ArrayBlockingQueue<>(CAPACITY);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the send thread. */
    private volatile boolean closing;

    /** @param producer handed over: from {@link #start} on only the send thread touches it */
    ChunkProducer(String threadName, Producer<byte[], byte[]> producer) {
        this.producer = producer;
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
        try {
            Future<RecordMetadata> unused = producer.send(outgoing.record(), (metadata, failure) -> {
                if (failure == null) {
                    outgoing.sent().complete(metadata.offset());
                } else {
                    outgoing.sent().completeExceptionally(failure);
                }
            });
        } catch (Throwable t) { // whatever it is, the record's sender hears of it
            outgoing.sent().completeExceptionally(t);
        }
    }
}
