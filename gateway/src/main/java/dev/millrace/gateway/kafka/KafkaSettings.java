package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Topics;
import java.util.List;
import java.util.Map;

/**
 * How a gateway uses Kafka.
 *
 * @param bootstrap host:port of brokers, with commas between them
 * @param replyPartitions of the topic replies, where this gateway has its prompts answered; empty: all
 * @param partitions of topics that have to be created
 * @param replicationFactor of topics that have to be created; -1: the broker's default
 * @param client properties of Kafka's clients, passed through untouched
 */
public record KafkaSettings(
        String bootstrap,
        Topics topics,
        List<Integer> replyPartitions,
        int partitions,
        short replicationFactor,
        Map<String, String> client) {}
