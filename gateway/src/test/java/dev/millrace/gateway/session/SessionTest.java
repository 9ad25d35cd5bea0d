package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ModelList;
import dev.millrace.gateway.kafka.CatchUp;
import dev.millrace.gateway.kafka.Conversations;
import dev.millrace.gateway.kafka.DeliveryMetrics;
import dev.millrace.gateway.kafka.LivingWorkers;
import dev.millrace.gateway.kafka.PromptProducer;
import dev.millrace.gateway.kafka.ReplyConsumer;
import dev.millrace.gateway.kafka.ReplyPartitions;
import dev.millrace.schemas.Topics;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionTest {
    private static final int READ_BESIDE_THE_EVENT_LOOP = 100_000;

    private final Vertx vertx = Vertx.vertx();
    private final Context context = vertx.getOrCreateContext();
    private final FakeSocket socket = new FakeSocket();

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, READ_BESIDE_THE_EVENT_LOOP})
    void answersAnEventThatItFailsToRead(int characters) {
        Session session = new Session(context, socket, exchange(), frame -> {
            throw new IllegalStateException("a defect: " + frame);
        });

        context.runOnContext(v -> session.onText("x".repeat(characters)));
        await().until(() -> !socket.frames.isEmpty());

        assertThat(socket.events().get(0).getString("type")).isEqualTo("error");
        assertThat(socket.events().get(0).getString("code")).isEqualTo("internal");
        assertThat(socket.frames.get(0)).doesNotContain("x").doesNotContain("defect");
        assertThat(socket.closed).isNull();
    }

    private static Exchange exchange() {
        CollectorRegistry registry = new CollectorRegistry();
        Topics topics = new Topics("");
        Conversations conversations = new Conversations(InstantSource.system());
        ReplyConsumer replies = new ReplyConsumer(
                "replies",
                new MockConsumer<>("none"),
                new ReplyPartitions(List.of()),
                topics,
                new LivingWorkers(InstantSource.system()),
                conversations);
        return new Exchange(
                new PromptProducer(
                        "prompts",
                        new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()),
                        topics,
                        new DeliveryMetrics(registry)),
                replies,
                new CatchUp("catch-up", new MockConsumer<>("none"), replies, topics, conversations),
                conversations,
                CursorSeal.ofThisProcess(topics.replies()),
                topics.replies(),
                SessionLimits.of(Duration.ofSeconds(1)),
                new SessionMetrics(registry),
                new ModelList(List.of(), List::of, 0));
    }
}
