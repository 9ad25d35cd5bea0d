package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.compose.JavaProcess;
import dev.millrace.gateway.Gateway;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A gateway that is told of no models learns of them from workers. */
@Timeout(120)
class ModelsIT {
    @Test
    void comeAndGoWithTheirWorkers() throws Exception {
        Installation installation = Installation.create(ModelsIT.class);
        Vertx vertx = Vertx.vertx();
        Gateway gateway = installation.startGateway(vertx);
        try (JavaProcess worker = installation.startWorker()) {
            await(gateway, "millrace-demo");

            assertThat(worker.terminate()).isNotNegative();

            await(gateway, "");
        } finally {
            gateway.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
            vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
    }

    /** @param model the first of the list; empty where there is none */
    private static void await(Gateway gateway, String model) {
        HttpRequest list = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.httpPort() + "/v1/models"))
                .build();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(new ObjectMapper()
                                .readTree(HttpClient.newHttpClient()
                                        .send(list, BodyHandlers.ofString())
                                        .body())
                                .at("/data/0/id")
                                .asText())
                        .isEqualTo(model));
    }
}
