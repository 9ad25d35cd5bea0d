package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.process.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GatewayConfigTest {
    @Test
    void needsNoSetting() {
        Settings settings = new Settings(List.of(), Map.of());

        GatewayConfig config = GatewayConfig.from(settings);
        settings.check();

        assertThat(config.httpHost()).isEqualTo("127.0.0.1");
        assertThat(config.httpPort()).isEqualTo(8080);
        assertThat(config.requestTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(config.grace()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.kafka().replyPartitions()).isEmpty();
    }

    @Test
    void passesKafkasOwnPropertiesThrough() {
        Settings settings = new Settings(
                List.of("--reply-partitions", "1,3", "--allowed-origins=https://a.example"),
                Map.of("KAFKA_BOOTSTRAP", "broker:9092", "KAFKA_SECURITY_PROTOCOL", "SSL"));

        GatewayConfig config = GatewayConfig.from(settings);
        settings.check();

        assertThat(config.kafka().bootstrap()).isEqualTo("broker:9092");
        assertThat(config.kafka().replyPartitions()).containsExactly(1, 3);
        assertThat(config.kafka().client()).isEqualTo(Map.of("security.protocol", "SSL"));
        assertThat(config.origins().others()).containsExactly("https://a.example");
    }

    @Test
    void refusesReplyPartitionsThatAreNoNumbers() {
        Settings settings = new Settings(List.of("--reply-partitions", "one"), Map.of());

        assertThatThrownBy(() -> GatewayConfig.from(settings)).hasMessageContaining("reply-partitions");
    }

    @Test
    void refusesCursorKeysThatAreTooShortAndShowsNone() {
        Settings short16 = new Settings(List.of("--cursor-keys", "AAAAAAAAAAAAAAAAAAAAAA=="), Map.of());

        assertThatThrownBy(() -> GatewayConfig.from(short16)).hasMessageContaining("cursor-keys");
        assertThat(short16.describe()).doesNotContain("AAAA");
    }
}
