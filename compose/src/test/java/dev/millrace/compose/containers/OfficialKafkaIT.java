package dev.millrace.compose.containers;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Kafka's official image of the version and with the behaviour that {@code docker-compose.yml} gives it. Skipped where
 * there is no Docker.
 */
@Testcontainers(disabledWithoutDocker = true)
@Timeout(300)
class OfficialKafkaIT {

    private static final ComposeFile.Service SERVICE = ComposeFile.read().service("kafka");

    private static final Set<String> BEHAVIOUR = Set.of(
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE", "KAFKA_MESSAGE_MAX_BYTES", "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS");

    @Container
    private static final KafkaContainer KAFKA =
            new KafkaContainer(DockerImageName.parse(SERVICE.text("/image"))).withEnv(behaviour());

    /** Where it listens and keeps its data is the container's own affair. */
    private static Map<String, String> behaviour() {
        Map<String, String> variables = SERVICE.environment();
        variables.keySet().retainAll(BEHAVIOUR);
        return variables;
    }

    @Test
    void aKilledWorkerLosesNothing() throws Exception {
        KilledWorker.losesNothing(OfficialKafkaIT.class, KAFKA.getBootstrapServers());
    }
}
