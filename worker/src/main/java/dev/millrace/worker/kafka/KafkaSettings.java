package dev.millrace.worker.kafka;

import dev.millrace.schemas.Topics;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a worker uses Kafka.
 *
 * @param bootstrap host:port of brokers, with commas between them
 * @param group consumer group of the workers
 * @param sessionTimeout how long a dead worker keeps its partitions
 * @param schemaRegistry for prompts that name a schema of one; null: there is none
 * @param replyTopics where a worker may answer besides the topic replies
 * @param partitions of topics that have to be created
 * @param replicationFactor of topics that have to be created; -1: the broker's default
 * @param client properties of Kafka's clients, passed through untouched
 */
public record KafkaSettings(
        String bootstrap,
        Topics topics,
        String group,
        Duration sessionTimeout,
        @Nullable URI schemaRegistry,
        List<String> replyTopics,
        int partitions,
        short replicationFactor,
        Map<String, String> client) {}
