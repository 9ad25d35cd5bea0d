package dev.millrace.gateway.kafka;

import dev.millrace.process.ConfigurationException;
import dev.millrace.schemas.TopicSetup;
import dev.millrace.schemas.Topics;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Where this gateway has its prompts answered; at least one. Immutable. */
public record ReplyPartitions(List<TopicPartition> partitions) {
    private static final long ANSWER_SECONDS = 30;

    /**
     * Creates Millrace's topics where they are missing, and looks up the reply partitions. Blocks: for a gateway's
     * start.
     *
     * @throws ConfigurationException when a partition is named that does not exist
     * @throws KafkaException when a topic contradicts the rules or Kafka does not answer
     */
    public static ReplyPartitions prepare(KafkaSettings settings, String clientIdPrefix) throws InterruptedException {
        try (Admin admin = new KafkaClients(settings, clientIdPrefix).admin()) {
            TopicSetup.ensure(admin, settings.topics(), settings.partitions(), settings.replicationFactor());
            String topic = settings.topics().replies();
            TopicDescription replies = admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .get(topic);
            int count = Objects.requireNonNull(replies, topic).partitions().size();
            return of(topic, count, settings.replyPartitions());
        } catch (ExecutionException | TimeoutException e) {
            throw new KafkaException("the reply topic cannot be looked up: " + e.getMessage(), e);
        }
    }

    static ReplyPartitions of(String topic, int count, List<Integer> wanted) {
        List<Integer> all = IntStream.range(0, count).boxed().toList();
        if (!all.containsAll(wanted)) {
            throw new ConfigurationException(
                    List.of("reply-partitions must be from 0 to " + (count - 1) + ": " + topic + " has no others"));
        }
        return new ReplyPartitions((wanted.isEmpty() ? all : wanted)
                .stream()
                        .distinct()
                        .map(number -> new TopicPartition(topic, number))
                        .toList());
    }

    /** Spreads prompts over them. */
    TopicPartition choose(UUID promptId) {
        return partitions.get(Topics.replyPartition(promptId, partitions.size()));
    }
}
