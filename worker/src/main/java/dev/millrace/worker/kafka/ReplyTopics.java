package dev.millrace.worker.kafka;

import dev.millrace.schemas.TopicSetup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/** Makes sure of the topics before the first prompt is read. Blocks: for a worker's start. */
public final class ReplyTopics {
    private static final long ANSWER_SECONDS = 30;

    private ReplyTopics() {}

    /**
     * Creates Millrace's own topics where they are missing, and looks up how many partitions each reply topic has.
     *
     * @return by topic
     * @throws KafkaException when a topic contradicts the rules or an allowed reply topic does not exist
     */
    public static Map<String, Integer> prepare(KafkaSettings settings, String clientIdPrefix)
            throws InterruptedException {
        try (Admin admin = new KafkaClients(settings, clientIdPrefix).admin()) {
            TopicSetup.ensure(admin, settings.topics(), settings.partitions(), settings.replicationFactor());
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
