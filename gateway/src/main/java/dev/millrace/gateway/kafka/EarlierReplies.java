package dev.millrace.gateway.kafka;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;

/**
 * The readings under way, and the passes over their partitions. A gateway's death brings dozens of them at once, so all
 * partitions are read at the same time, and what a fetch holds for others of its partition they get too. Where they lie
 * far apart in one partition each has its turn.
 *
 * <p>The consumer has the same partitions all the time, and those that nobody waits for are paused: another assignment
 * would have it ask for metadata, and a fetch waits for that. Owned by the catch-up thread.
 */
final class EarlierReplies {
    /** As long as nothing comes; new readings wait for it. */
    private static final Duration POLL = Duration.ofMillis(20);

    /** What one listener gets of one fetch. */
    private static final class Batch {
        private final List<Reply> replies = new ArrayList<>();
        private long bytes;

        void add(Reply reply, int size) {
            replies.add(reply);
            bytes += size;
        }
    }

    private final Consumer<byte[], byte[]> consumer;
    private final ReplyConsumer live;
    private final String topic;
    /** Whoever has waited longest comes first. */
    private final Map<TopicPartition, Deque<Reading>> readings = new HashMap<>();
    /** Those that were there when it was last looked. */
    private Set<TopicPartition> known = Set.of();

    EarlierReplies(Consumer<byte[], byte[]> consumer, ReplyConsumer live, String topic) {
        this.consumer = consumer;
        this.live = live;
        this.topic = topic;
    }

    /** Fetches at the ends, so that connections and metadata are there before somebody waits for them. */
    void keepReady() {
        known = consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .collect(Collectors.toSet());
        assign(known);
        consumer.endOffsets(known).forEach(consumer::seek);
        consumer.resume(known);
        consumer.poll(POLL);
    }

    /** Live events come from now on, so that what is to be read has an end. */
    void add(Reading reading) {
        reading.follow(live);
        readings.computeIfAbsent(reading.partition, partition -> new ArrayDeque<>())
                .add(reading);
    }

    /** Whether there is nobody to read for: who is there waits for its client. */
    boolean idle() {
        return readings.values().stream().noneMatch(here -> here.stream().anyMatch(reading -> reading.window.open()));
    }

    /** One fetch. Returns whose log no longer reaches back: nothing more is read for them. */
    List<Reading> step() {
        removeThoseAtTheirEnd(); // a fetch that finds nothing takes its time
        if (idle()) {
            return List.of();
        }
        try {
            Map<TopicPartition, Reading> first = seek();
            var records = consumer.poll(POLL);
            first.forEach((partition, reading) -> handOver(reading, records.records(partition)));
            removeThoseAtTheirEnd();
            return List.of();
        } catch (OffsetOutOfRangeException e) {
            return removeExpired(e.offsetOutOfRangePartitions());
        }
    }

    /** Where the consumer stands there already, it goes on with what it has fetched ahead. */
    private Map<TopicPartition, Reading> seek() {
        Map<TopicPartition, Reading> first = new HashMap<>();
        readings.forEach((partition, here) -> here.stream()
                .filter(reading -> reading.window.open())
                .findFirst()
                .ifPresent(reading -> first.put(partition, reading)));
        Set<TopicPartition> all = new HashSet<>(known);
        all.addAll(first.keySet());
        assign(all);
        all.removeAll(first.keySet());
        consumer.pause(all);
        consumer.resume(first.keySet());
        first.forEach((partition, reading) -> {
            if (consumer.position(partition) != reading.next()) {
                consumer.seek(partition, reading.next());
            }
        });
        return first;
    }

    private void assign(Set<TopicPartition> partitions) {
        if (!consumer.assignment().equals(partitions)) {
            consumer.assign(partitions);
            partitions.forEach(partition -> consumer.seek(partition, 0)); // each needs a position, also when paused
        }
    }

    /** Of the others only those can use it that have all that comes before. */
    private void handOver(Reading first, List<ConsumerRecord<byte[], byte[]>> records) {
        long from = first.next();
        long to = consumer.position(first.partition);
        if (to == from) {
            return; // still its turn
        }
        Deque<Reading> here = at(first.partition);
        List<Reading> served =
                here.stream().filter(reading -> reading.next() >= from).toList();
        Map<String, List<Reading>> byKey =
                served.stream().collect(Collectors.groupingBy(reading -> reading.promptId.toString()));
        Map<ReplyListener, Batch> batches = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            List<Reading> wanted = byKey.getOrDefault(String.valueOf(Reply.key(record)), List.of());
            if (!wanted.isEmpty()) {
                onReply(record, wanted, batches);
            }
        }
        batches.forEach((listener, batch) -> listener.onEarlier(batch.replies, batch.bytes));
        served.forEach(reading -> reading.onRead(to));
        here.remove(first);
        here.addLast(first);
    }

    private static void onReply(
            ConsumerRecord<byte[], byte[]> record, List<Reading> wanted, Map<ReplyListener, Batch> batches) {
        Reply reply = Reply.decode(record);
        if (reply == null) {
            return;
        }
        int bytes = record.value().length;
        wanted.stream()
                .filter(reading -> reading.takes(record.offset(), bytes))
                .forEach(reading -> batches.computeIfAbsent(reading.listener, listener -> new Batch())
                        .add(reply, bytes));
    }

    private void removeThoseAtTheirEnd() {
        readings.values()
                .forEach(here -> here.removeIf(reading -> {
                    if (reading.stopped()) {
                        return true;
                    }
                    boolean atItsEnd = reading.atItsEnd(live);
                    if (atItsEnd) {
                        reading.listener.onCaughtUp(reading.promptId);
                    }
                    return atItsEnd;
                }));
        readings.values().removeIf(Deque::isEmpty);
    }

    private List<Reading> removeExpired(Map<TopicPartition, Long> outOfRange) {
        List<Reading> expired = new ArrayList<>();
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(outOfRange.keySet());
        outOfRange.forEach((partition, offset) -> {
            long beginning = beginnings.getOrDefault(partition, 0L);
            at(partition).stream()
                    .filter(reading -> reading.next() < beginning || reading.next() == offset)
                    .forEach(expired::add);
        });
        expired.forEach(reading -> at(reading.partition).remove(reading));
        readings.values().removeIf(Deque::isEmpty);
        return expired;
    }

    private Deque<Reading> at(TopicPartition partition) {
        return readings.getOrDefault(partition, new ArrayDeque<>());
    }
}
