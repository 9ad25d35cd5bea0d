package dev.millrace.gateway;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.http.AllowedOrigins;
import dev.millrace.gateway.kafka.KafkaSettings;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.process.OperationsServer;
import dev.millrace.process.Settings;
import dev.millrace.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Everything that two gateways may differ in.
 *
 * @param gatewayId name of this process, unique among the gateways
 * @param httpPort of the chat page and the WebSocket; 0: any
 * @param origins whose pages may ask
 * @param requestTimeout for one request, or one message of a WebSocket, to come in
 * @param grace how long a client's responses go on after it has disconnected
 * @param mostWaitingBytes for one client that reads slowly, before it is closed
 * @param cursorKeys of 32 bytes, the same at all gateways: the first one seals cursors, all of them open
 * @param models the names of those that may be asked for; empty: all
 * @param warmUp how long it may prepare, at most, before it takes clients; zero: it does not
 */
public record GatewayConfig(
        String gatewayId,
        String httpHost,
        int httpPort,
        AllowedOrigins origins,
        Duration requestTimeout,
        Duration grace,
        int mostWaitingBytes,
        List<byte[]> cursorKeys,
        List<String> models,
        Duration warmUp,
        String operationsHost,
        int operationsPort,
        KafkaSettings kafka) {

    /** Asks for every setting; what is wrong with them {@link Settings#check} tells. */
    public static GatewayConfig from(Settings settings) {
        return new GatewayConfig(
                settings.text("gateway-id", defaultGatewayId(), "name of this process, unique among the gateways"),
                settings.text("http-host", "127.0.0.1", "address of the chat page and the WebSocket"),
                settings.port("http-port", 8080, "port of the chat page and the WebSocket; 0: any"),
                new AllowedOrigins(Set.copyOf(settings.list(
                        "allowed-origins",
                        List.of(),
                        "whose pages may ask besides our own, for example https://chat.example.org"))),
                settings.duration(
                        "request-timeout",
                        Duration.ofSeconds(60),
                        "how long one request, or one message of a WebSocket, may take to come in"),
                settings.duration(
                        "disconnect-grace",
                        Duration.ofSeconds(30),
                        "how long the responses of a client that has disconnected go on before they are cancelled"),
                settings.integer(
                        "client-buffer-bytes",
                        SessionLimits.DEFAULT_WAITING_BYTES,
                        64 << 10,
                        1 << 30,
                        "what may wait for a client that reads slowly, in bytes; before more does it is closed"),
                cursorKeys(settings),
                settings.list(
                        "models",
                        List.of(),
                        "names of the models that clients may see and ask for over HTTP; by default all"),
                settings.duration(
                        "warm-up",
                        Duration.ofSeconds(15),
                        "how long it may have its code compiled before it takes clients; 0s: not at all"),
                settings.text(
                        "operations-host", OperationsServer.DEFAULT_HOST, "address of /healthz, /readyz and /metrics"),
                settings.port("operations-port", 0, "port of /healthz, /readyz and /metrics; 0: any"),
                kafka(settings));
    }

    private static List<byte[]> cursorKeys(Settings settings) {
        List<String> texts = settings.list(
                "cursor-keys",
                List.of(),
                "what seals cursors: base64 of 32 random bytes, the same at all gateways; the first one seals, all open");
        try {
            return CursorSeal.keys(texts);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("cursor-keys: " + e.getMessage(), e);
        }
    }

    private static KafkaSettings kafka(Settings settings) {
        return new KafkaSettings(
                settings.text("kafka-bootstrap", "127.0.0.1:9092", "Kafka's bootstrap servers"),
                new Topics(settings.text("topic-prefix", "", "comes before the name of every topic")),
                replyPartitions(settings),
                settings.integer("partitions", 12, 1, 10_000, "partitions of topics that do not exist yet"),
                (short) settings.integer(
                        "replication-factor",
                        -1,
                        -1,
                        32,
                        "replicas of topics that do not exist yet; -1: the broker's default"),
                settings.prefixed("kafka.", "properties of Kafka's clients, for example kafka.security.protocol"));
    }

    private static List<Integer> replyPartitions(Settings settings) {
        List<String> numbers = settings.list(
                "reply-partitions", List.of(), "where this gateway has its prompts answered, for example 0,1; all");
        try {
            return numbers.stream().map(Integer::valueOf).toList();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("reply-partitions must be numbers with commas between them", e);
        }
    }

    private static String defaultGatewayId() {
        String host = System.getenv().getOrDefault("HOSTNAME", "gateway");
        return host + "-" + ProcessHandle.current().pid();
    }
}
