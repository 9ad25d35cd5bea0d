package dev.millrace.worker.kafka;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Opens sessions: reads what was committed, and commits the same offset under an epoch above every earlier one. Kafka
 * refuses that commit to a worker that the group has left behind, so of two workers that both believe to own a
 * partition only one has a session of the highest epoch. Used on the poll thread.
 */
final class SessionFactory {
    private final LongSupplier clockMs;
    private final LongSupplier nonces;

    /**
     * @param clockMs milliseconds since 1970
     * @param nonces random numbers, never the same for two workers
     */
    SessionFactory(LongSupplier clockMs, LongSupplier nonces) {
        this.clockMs = clockMs;
        this.nonces = nonces;
    }

    /**
     * One session for each partition, all or none; the consumer then stands where each begins. Without a committed
     * offset that is the partition's beginning, never its end: prompts that came before the first worker are prompts.
     *
     * @throws org.apache.kafka.clients.consumer.CommitFailedException when the partitions are no longer assigned
     * @throws org.apache.kafka.common.errors.RetriableException when it may be tried again after the next poll
     */
    List<PartitionSession> open(Consumer<byte[], byte[]> consumer, Set<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(partitions);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        List<PartitionSession> sessions = partitions.stream()
                .map(partition -> session(
                        partition,
                        committed.get(partition),
                        beginnings.getOrDefault(partition, 0L),
                        ends.getOrDefault(partition, Long.MAX_VALUE)))
                .toList();
        consumer.commitSync(
                sessions.stream().collect(Collectors.toMap(PartitionSession::partition, PartitionSession::progress)));
        sessions.forEach(
                session -> consumer.seek(session.partition(), session.ledger().lowestUnfinished()));
        return sessions;
    }

    /** An epoch above this one. Epochs are times, so that one above a lost predecessor's is found without it. */
    long epochAbove(long epoch) {
        return Math.max(epoch + 1, clockMs.getAsLong());
    }

    private PartitionSession session(
            TopicPartition partition, @Nullable OffsetAndMetadata committed, long beginning, long end) {
        long before = committed == null ? 0 : EpochMetadata.parse(committed.metadata());
        long start = committed == null ? beginning : committed.offset();
        return new PartitionSession(partition, nonces.getAsLong(), epochAbove(before), start, end);
    }
}
