package dev.millrace.compose.faults;

import dev.millrace.schemas.MalformedEventException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** The whole log of replies read once more, when all is over, by a reader that has nothing in mind. */
final class SecondReading {

    private static final Duration POLL = Duration.ofMillis(200);

    private SecondReading() {}

    /** How many streams it sees differently, of those that the log still has whole. */
    static long countDisagreements(Cluster cluster, Collection<StreamAudit> seen) throws MalformedEventException {
        String replies = cluster.topics().replies();
        List<TopicPartition> places =
                LogReader.partitions(replies, Cluster.PARTITIONS).toList();
        Map<UUID, StreamAudit> again =
                seen.stream().collect(Collectors.toMap(StreamAudit::id, stream -> stream.unread(replies)));
        try (KafkaConsumer<byte[], byte[]> consumer = LogReader.consumer(cluster.bootstrap())) {
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(places);
            Map<TopicPartition, Long> ends = consumer.endOffsets(places);
            consumer.assign(places);
            begins.forEach(consumer::seek);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    LogReader.onReply(again, record, 0);
                }
            }
            return seen.stream()
                    .filter(stream -> stream.firstOffset()
                            >= Objects.requireNonNull(begins.get(new TopicPartition(replies, stream.partition()))))
                    .filter(stream -> !stream.agreesWith(Objects.requireNonNull(again.get(stream.id()))))
                    .count();
        }
    }
}
