package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Attendance;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Gauge;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads this gateway's reply partitions from now on, for all clients at once, besides them those of responses that were
 * begun at other gateways and resumed here, what gateways tell one another and keep of conversations, and how workers
 * are. Its thread makes every call to the consumer. Events of prompts that nobody here waits for are passed over by their key, undecoded.
 */
public final class ReplyConsumer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyConsumer.class);
    /** How soon a close is noticed. Replies do not wait for it. */
    private static final Duration POLL = Duration.ofMillis(100);

    /** So many heartbeats are read back at the start: the last ones of some hundred workers. */
    private static final long LAST_HEARTBEATS = 1_000;

    private static final long UNKNOWN = -1;

    private record Subscription(TopicPartition partition, ReplyListener listener) {}

    private final Consumer<byte[], byte[]> consumer;
    private final ReplyPartitions partitions;
    private final TopicPartition attendance;
    private final TopicPartition heartbeats;
    private final LivingWorkers workers;
    private final TopicPartition kept;
    private final Conversations conversations;
    /** Written by whoever subscribes, read by the poll thread. One prompt may have several listeners. */
    private final Map<UUID, List<Subscription>> subscriptions = new ConcurrentHashMap<>();
    /** Partitions of other gateways and how many wait for something there. Guarded by the monitor. */
    private final Map<TopicPartition, Integer> visited = new HashMap<>();
    /**
     * Where each partition has been read to. The poll thread moves it under the monitor before it looks who has
     * subscribed; who subscribes reads it under the monitor after that, and so hears all from there on.
     */
    private final Map<TopicPartition, Long> positions = new ConcurrentHashMap<>();

    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the poll thread. */
    private volatile boolean closing;

    /** Hands the consumer over: from {@link #start} on only the poll thread touches it. */
    public ReplyConsumer(
            String threadName,
            Consumer<byte[], byte[]> consumer,
            ReplyPartitions partitions,
            Topics topics,
            LivingWorkers workers,
            Conversations conversations) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.attendance = new TopicPartition(topics.attendance(), 0);
        this.heartbeats = new TopicPartition(topics.workers(), 0);
        this.workers = workers;
        this.kept = new TopicPartition(topics.conversations(), 0);
        this.conversations = conversations;
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
        long position = follow(promptId, partition, listener);
        if (position == UNKNOWN) {
            throw new IllegalStateException("subscribed before the consumer was ready");
        }
        return Cursor.start(partition.topic(), partition.partition(), promptId, position);
    }

    /**
     * From now on the listener hears what is said of this prompt, of which events exist already. Any thread; may be
     * asked again.
     *
     * @return from where on it hears all; {@link #UNKNOWN} as long as this partition is not yet read here
     */
    synchronized long follow(UUID promptId, TopicPartition partition, ReplyListener listener) {
        Subscription wanted = new Subscription(partition, listener);
        List<Subscription> before = subscriptions.getOrDefault(promptId, List.of());
        if (!before.contains(wanted)) {
            subscriptions.put(
                    promptId, Stream.concat(before.stream(), Stream.of(wanted)).toList());
            if (!partitions.partitions().contains(partition)) {
                visited.merge(partition, 1, Integer::sum);
            }
        }
        return position(partition);
    }

    /** Where this partition has been read to; {@link #UNKNOWN} where it is not read here. Any thread. */
    long position(TopicPartition partition) {
        return positions.getOrDefault(partition, UNKNOWN);
    }

    /** The listener hears no more of it, but for what is on its way. Any thread. Idempotent. */
    public synchronized void unsubscribe(UUID promptId, ReplyListener listener) {
        List<Subscription> before = subscriptions.getOrDefault(promptId, List.of());
        List<Subscription> left = before.stream()
                .filter(subscription -> !subscription.listener().equals(listener))
                .toList();
        before.stream()
                .filter(subscription -> !left.contains(subscription))
                .forEach(subscription -> visited.computeIfPresent(
                        subscription.partition(), (p, count) -> count == 1 ? null : count - 1));
        if (left.isEmpty()) {
            subscriptions.remove(promptId);
        } else {
            subscriptions.put(promptId, left);
        }
    }

    /** Tells how many prompts somebody here waits for: once for each registry. */
    public void register(CollectorRegistry registry) {
        Gauge.build("millrace_gateway_subscriptions", "Responses that are waited for.")
                .create()
                .setChild(new Gauge.Child() {
                    @Override
                    public double get() {
                        return subscriptions.size();
                    }
                })
                .register(registry);
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
        while (!closing && !ready.isDone()) {
            try {
                assignWanted();
                ready.complete(null);
            } catch (RetriableException e) {
                LOG.warn("The ends of the reply partitions are not known yet: {}", e.toString());
            }
        }
    }

    /** Those that are new are read from their ends on. */
    private void assignWanted() {
        Set<TopicPartition> wanted = wanted();
        List<TopicPartition> added = wanted.stream()
                .filter(partition -> !positions.containsKey(partition))
                .toList();
        if (added.isEmpty() && wanted.equals(consumer.assignment())) {
            return;
        }
        Map<TopicPartition, Long> ends = consumer.endOffsets(added);
        consumer.assign(wanted);
        ends.forEach(this::seek);
        positions.putAll(ends);
    }

    private void seek(TopicPartition partition, long end) {
        if (partition.equals(heartbeats)) {
            consumer.seek(partition, Math.max(0, end - LAST_HEARTBEATS));
        } else if (partition.equals(kept)) {
            consumer.beginningOffsets(List.of(kept)).forEach(consumer::seek);
        } else {
            consumer.seek(partition, end);
        }
    }

    /** A partition that is wanted no longer loses its position at once, so that nobody counts on it. */
    private synchronized Set<TopicPartition> wanted() {
        Set<TopicPartition> wanted = new HashSet<>(partitions.partitions());
        wanted.add(attendance);
        wanted.add(heartbeats);
        wanted.add(kept);
        wanted.addAll(visited.keySet());
        positions.keySet().retainAll(wanted);
        return wanted;
    }

    /** One turn of the loop. */
    void turn() {
        try {
            assignWanted();
            handOver(consumer.poll(POLL));
            conversations.onReadTo(consumer.position(kept));
        } catch (OffsetOutOfRangeException e) {
            onHistoryLost(e.partitions());
        } catch (RetriableException e) {
            LOG.warn("Replies could not be read and will be tried again: {}", e.toString());
        }
    }

    private void handOver(ConsumerRecords<byte[], byte[]> records) {
        advance(records);
        Map<ReplyListener, List<Reply>> batches = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (record.topic().equals(heartbeats.topic())) {
                workers.onRecord(record);
                continue;
            }
            if (record.topic().equals(kept.topic())) {
                conversations.onRecord(record);
                continue;
            }
            List<Subscription> heardBy = subscriptionsOf(record);
            if (record.topic().equals(attendance.topic())) {
                onAttendance(record, heardBy);
            } else if (!heardBy.isEmpty()) {
                onReply(record, heardBy, batches);
            }
        }
        batches.forEach(ReplyListener::onReplies);
    }

    private synchronized void advance(ConsumerRecords<byte[], byte[]> records) {
        for (TopicPartition partition : records.partitions()) {
            List<ConsumerRecord<byte[], byte[]>> read = records.records(partition);
            positions.put(partition, read.get(read.size() - 1).offset() + 1);
        }
    }

    private List<Subscription> subscriptionsOf(ConsumerRecord<byte[], byte[]> record) {
        try {
            String key = Reply.key(record);
            return key == null ? List.of() : subscriptions.getOrDefault(UUID.fromString(key), List.of());
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    private static void onReply(
            ConsumerRecord<byte[], byte[]> record,
            List<Subscription> heardBy,
            Map<ReplyListener, List<Reply>> batches) {
        Reply reply = Reply.decode(record);
        if (reply != null) {
            heardBy.forEach(
                    subscription -> batches.computeIfAbsent(subscription.listener(), listener -> new ArrayList<>())
                            .add(reply));
        }
    }

    private static void onAttendance(ConsumerRecord<byte[], byte[]> record, List<Subscription> heardBy) {
        if (heardBy.isEmpty()) {
            return;
        }
        try {
            Attendance said = EventCodec.ATTENDANCE.decode(record.value());
            heardBy.forEach(subscription -> subscription.listener().onAttendance(said));
        } catch (MalformedEventException e) {
            LOG.warn("{} offset {} is passed over: {}", record.topic(), record.offset(), e.getMessage());
        }
    }

    /** Retention was quicker than this gateway, which must have been away for days. What follows can still be read. */
    private void onHistoryLost(Collection<TopicPartition> lost) {
        LOG.error("The log no longer holds what was to be read next of {}", lost);
        consumer.beginningOffsets(lost).forEach(consumer::seek);
        subscriptions.forEach((promptId, all) -> all.stream()
                .filter(subscription -> lost.contains(subscription.partition()))
                .forEach(subscription -> subscription.listener().onHistoryLost(promptId)));
    }
}
