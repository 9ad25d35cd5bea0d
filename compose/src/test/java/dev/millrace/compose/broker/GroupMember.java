package dev.millrace.compose.broker;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;

/** One consumer of a group, set as the worker sets its own, with short timeouts. Owned by the test's thread. */
final class GroupMember implements ConsumerRebalanceListener, AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(20);

    private final KafkaConsumer<String, String> consumer;
    private final List<TopicPartition> revoked = new ArrayList<>();
    private final List<TopicPartition> lost = new ArrayList<>();
    private @Nullable Long commitWhenRevoked;

    /** @param longestPauseMs between two polls: who pauses for longer leaves the group */
    GroupMember(String bootstrap, String topic, Class<?> assignor, int longestPauseMs) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", "group-of-" + topic);
        properties.put("group.protocol", "classic");
        properties.put("partition.assignment.strategy", assignor.getName());
        properties.put("enable.auto.commit", false);
        properties.put("session.timeout.ms", 1_000);
        properties.put("heartbeat.interval.ms", 300);
        properties.put("max.poll.interval.ms", longestPauseMs);
        properties.put("default.api.timeout.ms", 10_000);
        consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of(topic), this);
    }

    Set<TopicPartition> assignment() {
        return consumer.assignment();
    }

    void poll() {
        consumer.poll(POLL);
    }

    void pollUntil(Callable<Boolean> met) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(1))
                .until(() -> {
                    poll();
                    return met.call();
                });
    }

    void commit(TopicPartition partition, long offset) {
        consumer.commitSync(Map.of(partition, new OffsetAndMetadata(offset)));
    }

    void commitWhenRevoked(long offset) {
        commitWhenRevoked = offset;
    }

    /** What the group has committed; null: nothing. */
    @Nullable
    Long committed(TopicPartition partition) {
        OffsetAndMetadata committed = consumer.committed(Set.of(partition)).get(partition);
        return committed == null ? null : committed.offset();
    }

    List<TopicPartition> revoked() {
        return revoked;
    }

    List<TopicPartition> lost() {
        return lost;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        revoked.addAll(partitions);
        Long offset = commitWhenRevoked;
        if (offset != null) {
            consumer.commitSync(partitions.stream()
                    .collect(Collectors.toMap(partition -> partition, partition -> new OffsetAndMetadata(offset))));
        }
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        lost.addAll(partitions);
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
    }
}
