package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private static final Duration LONG = Duration.ofSeconds(60);

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
    void nothingOfItIsSeenOfTheGatewayOrSentToKafka() throws IOException, InterruptedException {
        try (GatewayFixture gateway = new GatewayFixture(LONG)) {
            assertThat(gateway.operations("/readyz")).doesNotContain("warms up");
            assertThat(gateway.metric("millrace_gateway_frames_sent_total")).isZero();
            assertThat(gateway.kafka.producer.history()).isEmpty();
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
