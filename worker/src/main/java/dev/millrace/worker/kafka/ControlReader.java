package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads cancellations. A prompt and its cancellation stand in partitions of the same number, so the reader follows the
 * sessions: it reads the partitions of which the worker owns the prompts. Its thread owns a consumer without a group.
 */
final class ControlReader implements PartitionFollower, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlReader.class);
    private static final Duration POLL = Duration.ofMillis(50);

    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    private final BlockingQueue<Runnable> messages = new LinkedBlockingQueue<>();
    private final Set<TopicPartition> followed = new HashSet<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final String threadName;
    /** Set by whoever closes, read by the control thread. */
    private volatile boolean closing;

    /** @param consumer handed over: from {@link #start} on only the control thread touches it */
    ControlReader(String threadName, Consumer<byte[], byte[]> consumer, String topic) {
        this.threadName = threadName;
        this.consumer = consumer;
        this.topic = topic;
    }

    /** Starts the control thread. The future completes when it has ended, exceptionally when it gave up on an error. */
    CompletableFuture<Void> start(CancellationListener listener) {
        new Thread(() -> run(listener), threadName).start();
        return ended;
    }

    @Override
    public void follow(int partition, long sinceMs) {
        messages.add(() -> begin(new TopicPartition(topic, partition), sinceMs));
    }

    @Override
    public void leave(int partition) {
        messages.add(() -> {
            followed.remove(new TopicPartition(topic, partition));
            consumer.assign(followed);
        });
    }

    /** Returns at once. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run(CancellationListener listener) {
        try {
            while (!closing) {
                turn(listener);
            }
            ended.complete(null);
        } catch (Throwable t) { // the top of this thread's loop: whoever waits on the future hears of it
            ended.completeExceptionally(t);
        } finally {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    private void turn(CancellationListener listener) throws InterruptedException {
        Runnable message = followed.isEmpty() ? messages.poll(POLL.toMillis(), TimeUnit.MILLISECONDS) : messages.poll();
        if (message != null) {
            handle(message);
        } else if (!followed.isEmpty()) {
            consumer.poll(POLL).forEach(record -> accept(record, listener));
        }
    }

    /** Messages keep their order, so one that Kafka does not answer is tried until it does. */
    private void handle(Runnable message) {
        while (!closing) {
            try {
                message.run();
                return;
            } catch (RetriableException e) {
                LOG.info("The topic {} does not answer; tried again: {}", topic, e.toString());
            }
        }
    }

    /** The end is asked for first: what is appended between the two questions is behind it, and so is read. */
    private void begin(TopicPartition partition, long sinceMs) {
        long end = Objects.requireNonNull(consumer.endOffsets(Set.of(partition)).get(partition));
        OffsetAndTimestamp since =
                consumer.offsetsForTimes(Map.of(partition, sinceMs)).get(partition);
        followed.add(partition);
        consumer.assign(followed);
        consumer.seek(partition, since == null ? end : since.offset());
    }

    private void accept(ConsumerRecord<byte[], byte[]> record, CancellationListener listener) {
        try {
            listener.onCancellation(
                    EventCodec.CANCELLATION.decode(record.value()).getPromptId());
        } catch (MalformedEventException e) {
            LOG.warn(
                    "{}-{} offset {} is no cancellation and is passed over: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
        }
    }
}
