package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import java.time.Duration;
import java.util.HashMap;
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

    /** Changes what is followed, and the times in milliseconds since 1970 from which partitions are to be read. */
    @FunctionalInterface
    private interface Message {
        void tell(Map<TopicPartition, Long> begins);
    }

    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
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
        messages.add(begins -> begins.put(new TopicPartition(topic, partition), sinceMs));
    }

    @Override
    public void leave(int partition) {
        messages.add(begins -> {
            TopicPartition left = new TopicPartition(topic, partition);
            begins.remove(left);
            followed.remove(left);
        });
    }

    /** Returns at once. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run(CancellationListener listener) {
        try {
            connect();
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

    /** Asks what {@link #begin} will ask, so that the first cancellation does not wait for connections. */
    private void connect() {
        try {
            consumer.endOffsets(consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList());
        } catch (RetriableException e) {
            LOG.info("The topic {} does not answer yet: {}", topic, e.toString());
        }
    }

    private void turn(CancellationListener listener) throws InterruptedException {
        Message message = followed.isEmpty() ? messages.poll(POLL.toMillis(), TimeUnit.MILLISECONDS) : messages.poll();
        if (message != null) {
            handleAllFrom(message);
        }
        if (!followed.isEmpty()) {
            consumer.poll(POLL).forEach(record -> accept(record, listener));
        }
    }

    /** A rebalance brings several at once, and they share two questions to Kafka, which are asked until it answers. */
    private void handleAllFrom(Message first) {
        Map<TopicPartition, Long> begins = new HashMap<>();
        for (Message message = first; message != null; message = messages.poll()) {
            message.tell(begins);
        }
        while (!closing) {
            try {
                begin(begins);
                return;
            } catch (RetriableException e) {
                LOG.info("The topic {} does not answer; tried again: {}", topic, e.toString());
            }
        }
    }

    /** The ends are asked for first: what is appended between the two questions is behind them, and so is read. */
    private void begin(Map<TopicPartition, Long> begins) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(begins.keySet());
        Map<TopicPartition, OffsetAndTimestamp> since = consumer.offsetsForTimes(begins);
        followed.addAll(begins.keySet());
        consumer.assign(followed);
        begins.keySet().forEach(partition -> {
            OffsetAndTimestamp found = since.get(partition);
            consumer.seek(partition, found == null ? Objects.requireNonNull(ends.get(partition)) : found.offset());
        });
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
