package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        join(vertx.close());
    }

    @Test
    void allItsClientsAreAnsweredTwiceAndNothingIsLeft() {
        join(WarmUp.run(vertx, LONG));
        assertThat(vertx.deploymentIDs()).isEmpty();
        await().untilAsserted(() -> assertThat(threads()).isEmpty());
    }

    @Test
    void itIsGivenUpInTimeAndNothingIsLeft() {
        Future<Void> warm = WarmUp.run(vertx, Duration.ofMillis(1));
        assertThat(warm.toCompletionStage().toCompletableFuture())
                .failsWithin(LONG)
                .withThrowableThat()
                .withCauseInstanceOf(TimeoutException.class);
        assertThat(vertx.deploymentIDs()).isEmpty();
        await().untilAsserted(() -> assertThat(threads()).isEmpty());
    }

    @Test
    void operatorsSeeThatTheGatewayIsNotReadyBeforeItsEnd() throws IOException, InterruptedException {
        int port = freePort();
        CompletableFuture<GatewayFixture> starting =
                CompletableFuture.supplyAsync(() -> new GatewayFixture(LONG, port));
        List<String> said = new ArrayList<>();
        while (!starting.isDone()) {
            said.add(readiness(port));
        }
        try (GatewayFixture gateway = starting.join()) {
            assertThat(said).anyMatch(text -> text.contains("http: starting: warms up"));
            assertThat(gateway.operations("/readyz")).isEqualTo("ok\n");
        }
    }

    @Test
    void aGatewayThatCouldNotWarmUpTakesClients() throws Exception {
        try (GatewayFixture gateway = new GatewayFixture(Duration.ofMillis(1), 0)) {
            assertThat(gateway.connect().socket().isClosed()).isFalse();
            assertThat(gateway.operations("/readyz")).isEqualTo("ok\n");
        }
    }

    @Test
    void nothingOfItIsSeenOfTheGatewayOrSentToKafka() throws IOException, InterruptedException {
        try (GatewayFixture gateway = new GatewayFixture(LONG, 0)) {
            assertThat(gateway.metric("millrace_gateway_frames_sent_total")).isZero();
            assertThat(gateway.kafka.producer.history()).isEmpty();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Empty as long as nobody listens. */
    private static String readiness(int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
                .build();
        try {
            return HTTP.send(request, BodyHandlers.ofString()).body();
        } catch (ConnectException e) {
            return "";
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("warm-up"))
                .toList();
    }

    private static void join(Future<?> future) throws CompletionException {
        future.toCompletionStage().toCompletableFuture().join();
    }
}
