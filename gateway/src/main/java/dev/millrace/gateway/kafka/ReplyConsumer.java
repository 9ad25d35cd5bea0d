package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
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
 * Reads this gateway's reply partitions from now on, for all clients at once. Its thread makes every call to the
 * consumer. Events of prompts that nobody here waits for are passed over by their key, undecoded.
 */
public final class ReplyConsumer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyConsumer.class);
    /** How soon a close is noticed. Replies do not wait for it. */
    private static final Duration POLL = Duration.ofMillis(100);

    private record Subscription(TopicPartition partition, ReplyListener listener) {}

    private final Consumer<byte[], byte[]> consumer;
    private final ReplyPartitions partitions;
    /** Written by whoever subscribes, read by the poll thread. */
    private final Map<UUID, Subscription> subscriptions = new ConcurrentHashMap<>();
    /** Where each partition has been read to. Written by the poll thread, read by whoever subscribes. */
    private final Map<TopicPartition, Long> positions = new ConcurrentHashMap<>();

    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the poll thread. */
    private volatile boolean closing;

    /** Hands the consumer over: from {@link #start} on only the poll thread touches it. */
    public ReplyConsumer(String threadName, Consumer<byte[], byte[]> consumer, ReplyPartitions partitions) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the poll thread. The future completes when it has ended, exceptionally when it gave up on an error. */
    public CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    /** Completes when the consumer stands at the end of every partition: only then may anyone subscribe. */
    public CompletableFuture<Void> ready() {
        return ready;
    }

    /**
     * From now on the listener hears what is said of this prompt. Any thread, but before the prompt is sent.
     *
     * @return where its answer shall go, and a position there that has been read: nothing about it stands before
     */
    public Cursor subscribe(UUID promptId, ReplyListener listener) {
        TopicPartition partition = partitions.choose(promptId);
        subscriptions.put(promptId, new Subscription(partition, listener));
        Long position = positions.get(partition);
        if (position == null) {
            throw new IllegalStateException("subscribed before the consumer was ready");
        }
        return Cursor.start(partition.topic(), partition.partition(), promptId, position);
    }

    /** The listener hears no more of it, but for what is on its way. Any thread. Idempotent. */
    public void unsubscribe(UUID promptId) {
        subscriptions.remove(promptId);
    }

    /** Returns at once; the future of {@link #start} tells when it is done. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        try {
            seekToEnds();
            while (!closing) {
                turn();
            }
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            ended.complete(null);
        } catch (Throwable t) { // the top of this thread's loop: whoever waits on the futures hears of it
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            ended.completeExceptionally(t);
            ready.completeExceptionally(t);
        }
    }

    /** Kafka may come up meanwhile. */
    void seekToEnds() {
        consumer.assign(partitions.partitions());
        while (!closing && !ready.isDone()) {
            try {
                consumer.endOffsets(partitions.partitions()).forEach((partition, end) -> {
                    consumer.seek(partition, end);
                    positions.put(partition, end);
                });
                ready.complete(null);
            } catch (RetriableException e) {
                LOG.warn("The ends of the reply partitions are not known yet: {}", e.toString());
            }
        }
    }

    /** One turn of the loop. */
    void turn() {
        try {
            handOver(consumer.poll(POLL));
        } catch (OffsetOutOfRangeException e) {
            onHistoryLost(e.partitions());
        } catch (RetriableException e) {
            LOG.warn("Replies could not be read and will be tried again: {}", e.toString());
        }
    }

    private void handOver(ConsumerRecords<byte[], byte[]> records) {
        Map<ReplyListener, List<Reply>> batches = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            Subscription subscription = subscriptionOf(record);
            if (subscription != null) {
                decode(record, batches.computeIfAbsent(subscription.listener(), listener -> new ArrayList<>()));
            }
        }
        batches.forEach(ReplyListener::onReplies);
        for (TopicPartition partition : records.partitions()) {
            List<ConsumerRecord<byte[], byte[]>> read = records.records(partition);
            positions.put(partition, read.get(read.size() - 1).offset() + 1);
        }
    }

    private @Nullable Subscription subscriptionOf(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            return null;
        }
        try {
            return subscriptions.get(UUID.fromString(new String(record.key(), StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static void decode(ConsumerRecord<byte[], byte[]> record, List<Reply> batch) {
        try {
            batch.add(new Reply(record.offset(), EventCodec.REPLY_EVENT.decode(record.value())));
        } catch (MalformedEventException e) {
            LOG.warn(
                    "{}-{} offset {} is no reply event and is passed over, as every reader does: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
        }
    }

    /** Retention was quicker than this gateway, which must have been away for days. What follows can still be read. */
    private void onHistoryLost(Collection<TopicPartition> lost) {
        LOG.error("The log no longer holds what was to be read next of {}", lost);
        consumer.beginningOffsets(lost).forEach(consumer::seek);
        subscriptions.forEach((promptId, subscription) -> {
            if (lost.contains(subscription.partition())) {
                subscription.listener().onHistoryLost(promptId);
            }
        });
    }
}
