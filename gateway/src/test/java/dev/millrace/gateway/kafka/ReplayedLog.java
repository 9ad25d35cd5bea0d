package dev.millrace.gateway.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/** A consumer in memory that can go back: a poll gives the next few records from where it stands. Thread-safe. */
public final class ReplayedLog extends MockConsumer<byte[], byte[]> {
    private static final int RECORDS_OF_A_POLL = 3;

    private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> log = new HashMap<>();
    private final Map<TopicPartition, Long> beginnings = new HashMap<>();

    public ReplayedLog() {
        super("none");
        for (String topic : List.of("completions", "turns", "conversations")) {
            updatePartitions(topic, List.of(new PartitionInfo(topic, 0, null, null, null)));
            updateEndOffsets(Map.of(new TopicPartition(topic, 0), 0L));
        }
    }

    /** From the first record on that is not older; those without a time are as old as one likes. */
    @Override
    public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times) {
        Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
        times.forEach((partition, since) -> log.getOrDefault(partition, List.of()).stream()
                .filter(record -> record.timestamp() < 0 || record.timestamp() >= since)
                .findFirst()
                .ifPresent(first -> found.put(partition, new OffsetAndTimestamp(first.offset(), 0))));
        return found;
    }

    public synchronized void append(ConsumerRecord<byte[], byte[]> record) {
        log.computeIfAbsent(new TopicPartition(record.topic(), record.partition()), p -> new ArrayList<>())
                .add(record);
    }

    public synchronized void deleteBefore(TopicPartition partition, long offset) {
        beginnings.put(partition, offset);
        log.getOrDefault(partition, new ArrayList<>()).removeIf(record -> record.offset() < offset);
        updateBeginningOffsets(Map.of(partition, offset));
    }

    @Override
    public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        Set<TopicPartition> read = new HashSet<>(assignment());
        read.removeAll(paused());
        for (TopicPartition partition : read) {
            long position = position(partition);
            if (position < beginnings.getOrDefault(partition, 0L)) {
                throw new OffsetOutOfRangeException(Map.of(partition, position));
            }
            log.getOrDefault(partition, List.of()).stream()
                    .filter(record -> record.offset() >= position)
                    .limit(RECORDS_OF_A_POLL)
                    .forEach(this::addRecord);
        }
        ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
        if (records.isEmpty()) {
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos()); // the one in memory does not wait by itself
        }
        return records;
    }
}
