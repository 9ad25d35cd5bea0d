package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.ReplyEvents;
import dev.millrace.gateway.dialect.ResponseId;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which streams are kept alive. That somebody looks after them every few seconds is in KeepAliveTest. */
class HttpSessionTest {
    private static final String COMMENT = ": keep-alive\n\n";

    private final Vertx vertx = Vertx.vertx();
    private final Context context = vertx.getOrCreateContext();
    private final Exchange exchange = SilentKafka.exchange();
    private final FakeReply reply = new FakeReply();
    private final ResponseSession session = new ResponseSession(context, reply, exchange);
    private final ReplyEvents worker = new ReplyEvents(UUID.randomUUID(), new Writer(1000, 1));
    private long offset;

    @BeforeEach
    void readsWhatAWorkerSays() {
        ResumePoint point = new ResumePoint(worker.promptId(), 0, 0, Instant.now(), "c", null, false, false);
        String id = ResponseId.of(exchange.cursors().seal(point, Responses.PRINCIPAL));
        onLoop(() -> session.retrieve(id, "true", null));
        say(worker.claimed());
    }

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void hasACommentEachTimeWhenItIsIdle() {
        onLoop(session::keepAlive);
        reply.frames.clear();

        onLoop(session::keepAlive);
        onLoop(session::keepAlive);

        assertThat(reply.frames).containsExactly(COMMENT, COMMENT);
    }

    @Test
    void hasNoneWhileItIsBusy() {
        for (int i = 0; i < 5; i++) {
            say(worker.tokens(i, 1, "word "));
            onLoop(session::keepAlive);
        }
        assertThat(reply.frames).hasSizeGreaterThan(5).doesNotContain(COMMENT);

        onLoop(session::keepAlive);

        assertThat(reply.frames).endsWith(COMMENT).containsOnlyOnce(COMMENT);
    }

    @Test
    void hasNoneBehindItsEnd() {
        say(worker.finished(FinishReason.STOP, ""));
        onLoop(session::keepAlive);
        onLoop(session::keepAlive);

        assertThat(reply.frames).doesNotContain(COMMENT);
        assertThat(reply.ended).isTrue();
    }

    private void say(ReplyEvent event) {
        session.responses.onEarlier(List.of(new Reply(offset++, event)), 0);
        onLoop(() -> {});
    }

    /** All that was asked of it before has been done when this has. */
    private void onLoop(Runnable step) {
        Promise<Void> done = Promise.promise();
        context.runOnContext(v -> {
            step.run();
            done.complete();
        });
        done.future().toCompletionStage().toCompletableFuture().join();
    }
}
