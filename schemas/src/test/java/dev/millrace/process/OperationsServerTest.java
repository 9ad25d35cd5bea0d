package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.process.Health.Component;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OperationsServerTest {
    private final Vertx vertx = Vertx.vertx();
    private final Health health = new Health();
    private final CollectorRegistry metrics = new CollectorRegistry();
    private final HttpClient client = HttpClient.newHttpClient();
    private final OperationsServer server =
            new OperationsServer(vertx, OperationsServer.DEFAULT_HOST, 0, health, metrics);

    @BeforeEach
    void start() throws Exception {
        await(server.start());
    }

    @AfterEach
    void stop() throws Exception {
        await(server.close());
        await(vertx.close());
    }

    @Test
    void isAliveWhileItStarts() throws Exception {
        health.component("kafka").starting("waits for an assignment");

        assertThat(get("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void isNotReadyBeforeAnyComponentExists() throws Exception {
        assertThat(get("/readyz").statusCode()).isEqualTo(503);
    }

    @Test
    void isReadyWhenEveryComponentIs() throws Exception {
        Component kafka = health.component("kafka");
        Component engine = health.component("engine");
        kafka.ready();

        HttpResponse<String> half = get("/readyz");
        engine.ready();
        HttpResponse<String> whole = get("/readyz");

        assertThat(half.statusCode()).isEqualTo(503);
        assertThat(half.body()).isEqualTo("engine: starting: not started yet\n");
        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(whole.body()).isEqualTo("ok\n");
    }

    @Test
    void isNeitherReadyNorAliveWhenAComponentFailed() throws Exception {
        health.component("kafka").ready();
        health.component("engine").failed("the device is gone");

        assertThat(get("/readyz").body()).isEqualTo("engine: failed: the device is gone\n");
        assertThat(get("/healthz").statusCode()).isEqualTo(503);
        assertThat(get("/healthz").body()).isEqualTo("engine: failed: the device is gone\n");
    }

    @Test
    void aComponentThatIsAskedForAgainKeepsItsState() throws Exception {
        health.component("kafka").ready();

        health.component("kafka");

        assertThat(get("/readyz").statusCode()).isEqualTo(200);
    }

    @Test
    void showsTheMetricsOfItsRegistry() throws Exception {
        Counter.build("prompts_seen", "Prompts.").register(metrics).inc(3);

        HttpResponse<String> response = get("/metrics");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
        assertThat(response.body()).contains("prompts_seen_total 3.0");
    }

    @Test
    void saysWhenACollectorFails() throws Exception {
        metrics.register(new Collector() {
            @Override
            public List<MetricFamilySamples> collect() {
                throw new IllegalStateException("sesame");
            }
        });

        assertThat(get("/metrics").statusCode()).isEqualTo(500);
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        HttpRequest post = HttpRequest.newBuilder(uri("/healthz"))
                .POST(BodyPublishers.noBody())
                .build();

        assertThat(get("/").statusCode()).isEqualTo(404);
        assertThat(client.send(post, BodyHandlers.ofString()).statusCode()).isEqualTo(405);
    }

    @Test
    void saysThatItsPortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            OperationsServer second =
                    new OperationsServer(vertx, OperationsServer.DEFAULT_HOST, taken.getLocalPort(), health, metrics);

            Future<OperationsServer> start = second.start();

            assertThat(start.toCompletionStage().toCompletableFuture())
                    .failsWithin(10, TimeUnit.SECONDS)
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(ConfigurationException.class)
                    .withMessageContaining("127.0.0.1:" + taken.getLocalPort() + ": the port is taken");
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static <T> T await(Future<T> future) throws ExecutionException, InterruptedException, TimeoutException {
        return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
