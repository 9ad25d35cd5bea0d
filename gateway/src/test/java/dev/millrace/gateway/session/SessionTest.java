package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
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
        Session session = new Session(context, socket, SilentKafka.exchange(), frame -> {
            throw new IllegalStateException("a defect: " + frame);
        });

        context.runOnContext(v -> session.onText("x".repeat(characters)));
        await().until(() -> !socket.frames.isEmpty());

        assertThat(socket.events().get(0).getString("type")).isEqualTo("error");
        assertThat(socket.events().get(0).getString("code")).isEqualTo("internal");
        assertThat(socket.frames.get(0)).doesNotContain("x").doesNotContain("defect");
        assertThat(socket.closed).isNull();
    }
}
