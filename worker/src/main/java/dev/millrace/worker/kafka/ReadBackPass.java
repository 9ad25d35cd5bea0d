package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pass over the partitions that some requests ask about. A takeover brings dozens of requests, so Kafka is asked
 * once for where all of them begin, and all partitions are read at the same time. It is not asked at all where every
 * request says where to begin: reading fails where the log begins later. Owned by the read-back thread.
 */
final class ReadBackPass {
    private static final Logger LOG = LoggerFactory.getLogger(ReadBackPass.class);

    /** A request and who waits for it. */
    record Waiting(ReadBack request, CompletableFuture<ReplyHistory> history) {
        TopicPartition place() {
            return request.place();
        }

        boolean saysWhereToBegin() {
            return request.from() != null;
        }
    }

    /** One request under way. */
    private record Reading(Waiting waiting, long from, ReplyHistory history) {
        ByteBuffer key() {
            return ByteBuffer.wrap(waiting.request().promptId().toString().getBytes(StandardCharsets.UTF_8));
        }

        boolean covers(long offset) {
            return offset >= from && offset <= lastOffset();
        }

        long lastOffset() {
            return waiting.request().claimOffset();
        }
    }

    private final Consumer<byte[], byte[]> consumer;
    /** Of the partitions that are not read to their end. */
    private final Map<TopicPartition, List<Reading>> open = new HashMap<>();

    private final Map<ByteBuffer, List<Reading>> byKey = new HashMap<>();

    /** Finds where each request's reading starts: where it asks to, or where the log has what may be its prompt's. */
    static ReadBackPass begin(Consumer<byte[], byte[]> consumer, List<Waiting> requests) {
        boolean ask = !requests.stream().allMatch(Waiting::saysWhereToBegin);
        return new ReadBackPass(consumer, requests, ask);
    }

    /** After an {@link OffsetOutOfRangeException}: where a log begins later than was asked for, it is read from there. */
    static ReadBackPass beginWhereTheLogDoes(Consumer<byte[], byte[]> consumer, List<Waiting> requests) {
        return new ReadBackPass(consumer, requests, true);
    }

    private ReadBackPass(Consumer<byte[], byte[]> consumer, List<Waiting> requests, boolean ask) {
        this.consumer = consumer;
        Map<TopicPartition, List<Waiting>> byPlace = requests.stream().collect(Collectors.groupingBy(Waiting::place));
        consumer.assign(byPlace.keySet());
        consumer.resume(byPlace.keySet());
        Map<TopicPartition, Long> beginnings = ask ? consumer.beginningOffsets(byPlace.keySet()) : Map.of();
        Map<TopicPartition, OffsetAndTimestamp> since = offsetsSince(byPlace);
        byPlace.forEach((place, group) -> {
            long logStart = beginnings.getOrDefault(place, 0L);
            OffsetAndTimestamp found = since.get(place);
            begin(place, group, logStart, found == null ? Long.MAX_VALUE : found.offset());
        });
    }

    /**
     * The first offset that the log has since the earliest time of a request that does not say where to begin.
     * Retention is longer for replies than for prompts, and not by size, so nothing since then should have been
     * deleted. Where something was all the same, what is left may show it: see {@link ReplyHistory#lost}.
     */
    private Map<TopicPartition, OffsetAndTimestamp> offsetsSince(Map<TopicPartition, List<Waiting>> byPlace) {
        Map<TopicPartition, Long> times = new HashMap<>();
        byPlace.values().stream()
                .flatMap(Collection::stream)
                .filter(waiting -> !waiting.saysWhereToBegin())
                .forEach(waiting ->
                        times.merge(waiting.place(), waiting.request().sinceMs(), Math::min));
        return times.isEmpty() ? Map.of() : consumer.offsetsForTimes(times);
    }

    private void begin(TopicPartition place, List<Waiting> group, long logStart, long since) {
        List<Reading> readings = new ArrayList<>();
        for (Waiting waiting : group) {
            ReadBack request = waiting.request();
            long from = Math.min(request.from() != null ? request.from() : since, request.claimOffset());
            ReplyHistory history = new ReplyHistory(place, request.promptId(), from, logStart);
            readings.add(new Reading(waiting, Math.max(from, logStart), history));
        }
        readings.forEach(reading ->
                byKey.computeIfAbsent(reading.key(), key -> new ArrayList<>()).add(reading));
        open.put(place, readings);
        consumer.seek(place, readings.stream().mapToLong(Reading::from).min().getAsLong());
        completeIfRead(place);
    }

    /** Whether everyone has been answered. */
    boolean done() {
        return open.isEmpty();
    }

    /** The partitions that somebody still waits for. */
    Collection<TopicPartition> places() {
        return open.keySet();
    }

    void accept(Iterable<ConsumerRecord<byte[], byte[]>> records) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (record.key() != null) {
                byKey.getOrDefault(ByteBuffer.wrap(record.key()), List.of())
                        .forEach(reading -> accept(record, reading));
            }
        }
        List.copyOf(open.keySet()).forEach(this::completeIfRead);
    }

    private static void accept(ConsumerRecord<byte[], byte[]> record, Reading reading) {
        boolean elsewhere = record.partition() != reading.waiting().place().partition();
        if (elsewhere || !reading.covers(record.offset())) {
            return;
        }
        try {
            reading.history().accept(record.offset(), EventCodec.REPLY_EVENT.decode(record.value()));
        } catch (MalformedEventException e) {
            LOG.warn(
                    "{}-{} offset {} is no reply event and is passed over, as every reader does: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
        }
    }

    /** Whoever waits for this partition does not wait for the others. */
    private void completeIfRead(TopicPartition place) {
        List<Reading> readings = Objects.requireNonNull(open.get(place), "open");
        long last = readings.stream().mapToLong(Reading::lastOffset).max().getAsLong();
        if (consumer.position(place) > last) {
            consumer.pause(List.of(place));
            open.remove(place);
            readings.forEach(reading -> reading.waiting().history().complete(reading.history()));
        }
    }
}
