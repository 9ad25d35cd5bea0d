package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.http.AllowedOrigins;
import dev.millrace.gateway.http.HttpTimings;
import dev.millrace.gateway.kafka.KafkaSettings;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Topics;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A gateway as it is, but for Kafka, which is in memory. */
final class GatewayFixture implements AutoCloseable {
    static final byte[] KEY = new byte[32];
    static final String FRIENDLY_ORIGIN = "https://chat.example.org";

    private static final HttpTimings TIMINGS = HttpTimings.of(Duration.ofSeconds(60));
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    final FakeKafka kafka;
    private final Vertx vertx = Vertx.vertx();
    private final Gateway gateway;
    private final AsyncApi document;

    GatewayFixture() {
        this(SessionLimits.of(Duration.ofSeconds(30)), new FakeKafka(true));
    }

    GatewayFixture(SessionLimits limits, FakeKafka kafka) {
        this(limits, kafka, List.of("demo"), TIMINGS, Duration.ZERO, 0);
    }

    /** That warms up. Port 0: a free one. */
    GatewayFixture(Duration warmUp, int operationsPort) {
        this(
                SessionLimits.of(Duration.ofSeconds(30)),
                new FakeKafka(true),
                List.of("demo"),
                TIMINGS,
                warmUp,
                operationsPort);
    }

    /** @param models that may be asked for; none: all */
    GatewayFixture(SessionLimits limits, FakeKafka kafka, List<String> models) {
        this(limits, kafka, models, TIMINGS, Duration.ZERO, 0);
    }

    GatewayFixture(SessionLimits limits, FakeKafka kafka, HttpTimings timings) {
        this(limits, kafka, List.of("demo"), timings, Duration.ZERO, 0);
    }

    private GatewayFixture(
            SessionLimits limits,
            FakeKafka kafka,
            List<String> models,
            HttpTimings timings,
            Duration warmUp,
            int operationsPort) {
        this.kafka = kafka;
        GatewayConfig config = new GatewayConfig(
                "gateway",
                "127.0.0.1",
                0,
                new AllowedOrigins(Set.of(FRIENDLY_ORIGIN)),
                timings.request(),
                limits.grace(),
                limits.mostWaitingBytes(),
                List.of(KEY),
                models,
                warmUp,
                "127.0.0.1",
                operationsPort,
                new KafkaSettings("", new Topics(""), List.of(), 12, (short) 1, Map.of()));
        gateway = Gateway.start(vertx, config, limits, timings, kafka::clients)
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        document = readDocument();
    }

    ChatClient connect() {
        return ChatClient.connect(vertx, address(), document());
    }

    ChatClient connect(String origin) {
        return ChatClient.connect(vertx, address().addHeader("Origin", origin), document());
    }

    /** What it says of its WebSocket and its topics. */
    AsyncApi document() {
        return document;
    }

    private AsyncApi readDocument() {
        try {
            return AsyncApi.parse(get("/asyncapi.json").body());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The first line of the answer to a browser's request for a socket. */
    String handshake(String origin) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.httpPort())) {
            String request = "GET /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:" + gateway.httpPort()
                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
                    + "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: " + origin + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
        }
    }

    private WebSocketConnectOptions address() {
        return new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(gateway.httpPort())
                .setURI("/v1/responses");
    }

    int httpPort() {
        return gateway.httpPort();
    }

    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return request(gateway.httpPort(), "GET", path, headers);
    }

    HttpResponse<String> request(String method, String path) throws IOException, InterruptedException {
        return request(gateway.httpPort(), method, path);
    }

    /** From the endpoint for operators. */
    String operations(String path) throws IOException, InterruptedException {
        return request(gateway.operationsPort(), "GET", path).body();
    }

    /** The value of one sample, by its name and labels. */
    double metric(String sample) {
        try {
            return operations("/metrics")
                    .lines()
                    .filter(line -> line.startsWith(sample + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static HttpResponse<String> request(int port, String method, String path, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    void stop() {
        gateway.close().toCompletionStage().toCompletableFuture().join();
    }

    /** What it has sent to Kafka has to agree with the document. */
    @Override
    public void close() {
        stop();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        for (ProducerRecord<byte[], byte[]> record : kafka.producer.history()) {
            assertThat(document.faults(record))
                    .as("faults of a record of %s", record.topic())
                    .isEmpty();
        }
    }
}
