package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads back what the reply log says of a prompt. Its thread owns a consumer without a group; requests that wait at
 * the same time for the same partition are served by one pass over it.
 */
final class ReplyLogReader implements HistoryReader, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyLogReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long LOOK_FOR_CLOSE_MS = 100;
    /** A pass that meets no record for so long has failed; the claim that it looks for has been acknowledged. */
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private record Waiting(ReadBack request, CompletableFuture<ReplyHistory> history) {}

    /** One request under way. */
    private record Reading(Waiting waiting, long from, ReplyHistory history) {
        ReadBack request() {
            return waiting.request();
        }
    }

    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    /** As many as there are prompts in flight, which the poll thread bounds. */
    private final LinkedBlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();

    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the read-back thread. */
    private volatile boolean closing;

    /**
     * @param consumer handed over: from {@link #start} on only the read-back thread touches it
     * @param topic where most is read
     */
    ReplyLogReader(String threadName, Consumer<byte[], byte[]> consumer, String topic) {
        this.consumer = consumer;
        this.topic = topic;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the read-back thread. The future completes when it has ended. */
    CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    @Override
    public CompletableFuture<ReplyHistory> read(ReadBack request) {
        Waiting waiting = new Waiting(request, new CompletableFuture<>());
        queue.add(waiting);
        return waiting.history();
    }

    /** Requests that wait are not answered. Returns at once. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        connect();
        while (!closing) {
            try {
                serve(nextRequests());
            } catch (InterruptedException e) {
                closing = true;
            }
        }
        try {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        } finally {
            ended.complete(null);
        }
    }

    /** So that the first prompt that is taken over does not wait for connections. */
    private void connect() {
        try {
            consumer.beginningOffsets(consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList());
        } catch (KafkaException e) {
            LOG.info("The topic {} does not answer yet: {}", topic, e.toString());
        }
    }

    private List<Waiting> nextRequests() throws InterruptedException {
        List<Waiting> requests = new ArrayList<>();
        Waiting first = queue.poll(LOOK_FOR_CLOSE_MS, TimeUnit.MILLISECONDS);
        if (first != null) {
            requests.add(first);
            queue.drainTo(requests);
        }
        return requests;
    }

    private void serve(List<Waiting> requests) {
        requests.stream()
                .collect(Collectors.groupingBy(waiting -> waiting.request().place()))
                .forEach((place, group) -> {
                    try {
                        read(place, begin(place, group));
                    } catch (Throwable t) { // the top of this thread's loop: whoever asked hears of it
                        group.forEach(waiting -> waiting.history().completeExceptionally(t));
                    }
                });
    }

    /** Finds where each request's reading starts: where it asked to, or where the log now begins. */
    private List<Reading> begin(TopicPartition place, List<Waiting> group) {
        consumer.assign(List.of(place));
        long logStart = beginningOf(place);
        long since = offsetSince(place, group);
        List<Reading> readings = new ArrayList<>();
        for (Waiting waiting : group) {
            ReadBack request = waiting.request();
            long from = Math.min(request.from() != null ? request.from() : since, request.claimOffset());
            ReplyHistory history = new ReplyHistory(place, request.promptId(), from, logStart);
            readings.add(new Reading(waiting, Math.max(from, logStart), history));
        }
        return readings;
    }

    private long beginningOf(TopicPartition place) {
        return Objects.requireNonNull(
                consumer.beginningOffsets(List.of(place)).get(place), "every partition has a beginning");
    }

    /**
     * The first offset that the log has since the earliest time of a request that does not say where to begin: one
     * question to Kafka for all of them, since a takeover brings dozens. Retention is longer for replies than for
     * prompts, and not by size, so nothing since then should have been deleted. Where something was all the same, what
     * is left may show it: see {@link ReplyHistory#lost}.
     */
    private long offsetSince(TopicPartition place, List<Waiting> group) {
        OptionalLong sinceMs = group.stream()
                .map(Waiting::request)
                .filter(request -> request.from() == null)
                .mapToLong(ReadBack::sinceMs)
                .min();
        if (sinceMs.isEmpty()) {
            return Long.MAX_VALUE;
        }
        OffsetAndTimestamp found =
                consumer.offsetsForTimes(Map.of(place, sinceMs.getAsLong())).get(place);
        return found == null ? Long.MAX_VALUE : found.offset();
    }

    private void read(TopicPartition place, List<Reading> readings) {
        long from = readings.stream().mapToLong(Reading::from).min().getAsLong();
        long last = readings.stream()
                .mapToLong(reading -> reading.request().claimOffset())
                .max()
                .getAsLong();
        Map<ByteBuffer, List<Reading>> byKey = new HashMap<>();
        for (Reading reading : readings) {
            byKey.computeIfAbsent(key(reading), key -> new ArrayList<>()).add(reading);
        }
        consumer.seek(place, from);
        long metRecordNanos = System.nanoTime();
        while (consumer.position(place) <= last) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                metRecordNanos = System.nanoTime();
                if (record.key() != null) {
                    dispatch(record, byKey.getOrDefault(ByteBuffer.wrap(record.key()), List.of()));
                }
            }
            if (closing || System.nanoTime() - metRecordNanos > STALLED_NANOS) {
                throw new TimeoutException("reading back " + place + " up to offset " + last + " made no progress");
            }
        }
        readings.forEach(reading -> reading.waiting().history().complete(reading.history()));
    }

    private static ByteBuffer key(Reading reading) {
        return ByteBuffer.wrap(reading.request().promptId().toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void dispatch(ConsumerRecord<byte[], byte[]> record, List<Reading> readings) {
        for (Reading reading : readings) {
            if (record.offset() >= reading.from()
                    && record.offset() <= reading.request().claimOffset()) {
                accept(record, reading.history());
            }
        }
    }

    private static void accept(ConsumerRecord<byte[], byte[]> record, ReplyHistory history) {
        try {
            history.accept(record.offset(), EventCodec.REPLY_EVENT.decode(record.value()));
        } catch (MalformedEventException e) {
            LOG.warn(
                    "{}-{} offset {} is no reply event and is passed over, as every reader does: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
        }
    }
}
