package dev.millrace.compose.containers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.compose.containers.ComposeFile.Service;
import dev.millrace.gateway.GatewayConfig;
import dev.millrace.process.Settings;
import dev.millrace.schemas.TopicRules;
import dev.millrace.worker.WorkerConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import kafka.server.KafkaConfig;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the container files tell a process, it understands; and it is the same on both sides. */
class ContainerSettingsTest {

    private static final ComposeFile COMPOSE = ComposeFile.read();

    static List<Service> workers() {
        return COMPOSE.workers();
    }

    static List<Service> processes() {
        return COMPOSE.processes();
    }

    /** As the image's own start does it: KAFKA_NODE_ID is node.id. What is for the JVM is no property. */
    static Map<String, String> brokerProperties() {
        return COMPOSE.service("kafka").environment().entrySet().stream()
                .filter(variable -> !variable.getKey().endsWith("_OPTS"))
                .collect(Collectors.toMap(
                        variable -> variable.getKey()
                                .substring("KAFKA_".length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        Map.Entry::getValue));
    }

    @ParameterizedTest
    @MethodSource("workers")
    void theWorkerKnowsEverySetting(Service worker) {
        knowsEverySetting(worker, WorkerConfig::from);
    }

    @Test
    void theGatewayKnowsEverySetting() {
        knowsEverySetting(COMPOSE.service("gateway"), GatewayConfig::from);
    }

    private static void knowsEverySetting(Service service, Consumer<Settings> process) {
        Settings settings = new Settings(List.of(), service.environment());

        process.accept(settings);

        settings.check();
        assertThat(service.environment()).isNotEmpty();
        assertThat(service.environment().keySet())
                .allSatisfy(name -> assertThat(settings.help())
                        .contains("--" + name.toLowerCase(Locale.ROOT).replace('_', '-') + " "));
    }

    @ParameterizedTest
    @MethodSource("processes")
    void everyProcessIsReachableInItsContainer(Service service) {
        assertThat(service.environment()).containsEntry("OPERATIONS_HOST", "0.0.0.0");
        assertThat(service.environment().getOrDefault("HTTP_HOST", "0.0.0.0")).isEqualTo("0.0.0.0");
        assertThat(service.list("/ports"))
                .allMatch(port -> port.endsWith(":" + service.environment().get("HTTP_PORT")));
    }

    @ParameterizedTest
    @MethodSource("processes")
    void everyProcessLooksForKafkaWhereItIs(Service service) {
        assertThat(brokerProperties().getOrDefault("advertised.listeners", "").split(","))
                .anyMatch(listener ->
                        listener.endsWith("://" + service.environment().get("KAFKA_BOOTSTRAP")));
    }

    @Test
    void theBrokerKnowsEveryPropertyAndTakesTheLargestPrompt() {
        Map<String, String> properties = brokerProperties();

        KafkaConfig broker = new KafkaConfig(properties);

        assertThat(AbstractKafkaConfig.CONFIG_DEF.names()).containsAll(properties.keySet());
        assertThat(broker.messageMaxBytes())
                .isGreaterThanOrEqualTo(TopicRules.MAX_PROMPT_BYTES + 2 * TopicRules.BATCH_HEADROOM_BYTES);
        assertThat(broker.getBoolean("auto.create.topics.enable")).isFalse();
    }

    @Test
    void theBrokersDataIsOnItsVolume() {
        assertThat(COMPOSE.service("kafka").list("/volumes"))
                .contains("kafka-data:" + brokerProperties().get("log.dirs"));
    }

    @Test
    void prometheusScrapesEveryProcess() {
        List<String> names = new ArrayList<>();
        List<String> ports = new ArrayList<>();
        for (JsonNode job : ComposeFile.yaml(Path.of("docker/prometheus.yml")).path("scrape_configs")) {
            for (JsonNode discovery : job.path("dns_sd_configs")) {
                discovery.path("names").forEach(name -> names.add(name.asText()));
                ports.add(discovery.path("port").asText());
            }
        }

        assertThat(names)
                .containsExactlyInAnyOrderElementsOf(
                        processes().stream().map(Service::name).toList());
        assertThat(processes())
                .allSatisfy(service ->
                        assertThat(ports).containsOnly(service.environment().getOrDefault("OPERATIONS_PORT", "")));
    }
}
