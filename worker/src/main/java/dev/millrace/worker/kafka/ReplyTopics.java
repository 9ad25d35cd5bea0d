package dev.millrace.worker.kafka;

import dev.millrace.schemas.TopicSetup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;

/** Asks Kafka about topics: makes sure of them before the first prompt is read, and looks one up later. */
public final class ReplyTopics {
    private static final long ANSWER_SECONDS = 30;
    private static final int ANSWER_MS = 5_000;

    private ReplyTopics() {}

    /** One topic as it is now, with what this client may do there. Does not block. */
    static CompletionStage<TopicDescription> describe(Admin admin, String topic) {
        DescribeTopicsOptions options =
                new DescribeTopicsOptions().includeAuthorizedOperations(true).timeoutMs(ANSWER_MS);
        return Objects.requireNonNull(admin.describeTopics(List.of(topic), options)
                        .topicNameValues()
                        .get(topic))
                .toCompletionStage();
    }

    /**
     * Creates Millrace's own topics where they are missing, and looks up how many partitions each reply topic has.
     * Blocks: for a worker's start.
     *
     * @return by topic
     * @throws KafkaException when a topic contradicts the rules, an allowed reply topic among them
     */
    public static Map<String, Integer> prepare(KafkaSettings settings, String clientIdPrefix)
            throws InterruptedException {
        try (Admin admin = new KafkaClients(settings, clientIdPrefix).admin()) {
            TopicSetup.ensure(
                    admin,
                    settings.topics(),
                    settings.replyTopics(),
                    settings.partitions(),
                    settings.replicationFactor());
            List<String> names = new ArrayList<>(settings.replyTopics());
            names.add(settings.topics().replies());
            Map<String, Integer> partitions = new HashMap<>();
            admin.describeTopics(names)
                    .allTopicNames()
                    .get(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .forEach((name, description) ->
                            partitions.put(name, description.partitions().size()));
            return Map.copyOf(partitions);
        } catch (ExecutionException | TimeoutException e) {
            throw new KafkaException("the reply topics cannot be looked up: " + e.getMessage(), e);
        }
    }
}
