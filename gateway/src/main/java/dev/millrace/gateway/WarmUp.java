package dev.millrace.gateway;

import dev.millrace.gateway.http.AllowedOrigins;
import dev.millrace.gateway.http.HttpTimings;
import dev.millrace.gateway.http.WarmUpClient;
import dev.millrace.gateway.kafka.KafkaSettings;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Topics;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a new gateway does before it takes clients: it answers some, and lets them come back. A JVM interprets what it
 * has not yet run a few hundred times, and the clients of a gateway that has died come all at once.
 *
 * <p>They meet a second gateway in this JVM, on a free port of loopback, with {@link WarmUpKafka} behind it and metrics
 * of its own: neither Kafka nor operators see anything of it. Immutable; any thread.
 */
public final class WarmUp {
    /** A JVM compiles what has been called so often. */
    private static final int CONVERSATIONS = 200;
    /** At once. */
    private static final int CLIENTS = 4;

    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private WarmUp() {}

    /**
     * Runs it. Nothing of it is left when the future completes.
     *
     * @param atMost after so long it is given up
     * @return fails where a client was not answered, or not in this time
     */
    public static Future<Void> run(Vertx vertx, Duration atMost) {
        GatewayConfig config = config();
        WarmUpKafka kafka = new WarmUpKafka(config.kafka().topics());
        SessionLimits limits = SessionLimits.of(config.grace());
        HttpTimings timings = HttpTimings.of(config.requestTimeout());
        return Gateway.start(vertx, config, limits, timings, kafka::clients).compose(gateway -> {
            WarmUpClient client = new WarmUpClient(vertx, gateway.httpPort());
            return converse(client)
                    .timeout(atMost.toMillis(), TimeUnit.MILLISECONDS)
                    .eventually(client::close)
                    .eventually(gateway::close);
        });
    }

    private static Future<Void> converse(WarmUpClient client) {
        return Future.join(Stream.generate(() -> converse(client, CONVERSATIONS / CLIENTS))
                        .limit(CLIENTS)
                        .toList())
                .mapEmpty();
    }

    private static Future<Void> converse(WarmUpClient client, int times) {
        return times == 0
                ? Future.succeededFuture()
                : client.askAndResume().compose(done -> converse(client, times - 1));
    }

    private static GatewayConfig config() {
        return new GatewayConfig(
                "warm-up",
                LOOPBACK,
                0,
                new AllowedOrigins(Set.of()),
                PATIENCE,
                PATIENCE,
                SessionLimits.DEFAULT_WAITING_BYTES,
                List.of(new byte[32]), // what it seals is kept by nobody
                List.of(),
                Duration.ZERO,
                LOOPBACK,
                0,
                new KafkaSettings("", new Topics(""), List.of(), 1, (short) 1, Map.of()));
    }
}
