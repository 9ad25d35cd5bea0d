package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A client that resumes far more at once than may wait for it, and more than the operating system takes. */
class LongResumeTest {
    private static final String CHUNK = "x".repeat(128 << 10);
    private static final int CHUNKS = 90;
    private static final SessionLimits LIMITS = new SessionLimits(4, 2 << 20, Duration.ofMinutes(5));
    private static final CursorSeal SEAL = new CursorSeal(List.of(GatewayFixture.KEY), "replies");

    private final ReplyEvents worker = new ReplyEvents(UUID.randomUUID(), new Writer(1000, 1));
    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture(LIMITS, kafka);

    private final ChatClient client = gateway.connect();

    @Test
    void getsAllOfItWhereItReads() throws Exception {
        kafka.past(said(worker.finished(FinishReason.STOP, "end")));

        resume();

        assertThat(ChatClient.shown(client.upTo("response.completed"))).hasSize(CHUNKS * CHUNK.length() + 3);
        assertThat(gateway.metric("millrace_gateway_slow_sockets_closed_total")).isZero();
    }

    @Test
    void isWaitedForWhereItDoesNotReadAndMissesNothingThatIsSaidMeanwhile() throws Exception {
        kafka.past(said());
        resume();
        client.next("response.resumed");
        client.socket().pause();

        int more = 20;
        IntStream.range(CHUNKS, CHUNKS + more).forEach(i -> kafka.reply(worker.tokens(i, 1, CHUNK)));
        kafka.reply(worker.finished(FinishReason.STOP, "end"));
        awaitStandstill();
        double written = gateway.metric("millrace_gateway_frame_bytes_sent_total");
        client.socket().resume();

        assertThat(ChatClient.shown(client.upTo("response.completed"))).hasSize((CHUNKS + more) * CHUNK.length() + 3);
        assertThat(written).isLessThan(CHUNKS * CHUNK.length());
        assertThat(gateway.metric("millrace_gateway_slow_sockets_closed_total")).isZero();
    }

    /** Nothing more is written, since nothing more is taken. */
    private void awaitStandstill() {
        AtomicReference<Double> before = new AtomicReference<>(0.0);
        await().pollInterval(Duration.ofMillis(300)).until(() -> {
            double now = gateway.metric("millrace_gateway_frame_bytes_sent_total");
            return before.getAndSet(now) == now;
        });
    }

    private ReplyEvent[] said(ReplyEvent... last) {
        Stream<ReplyEvent> chunks = IntStream.range(0, CHUNKS).mapToObj(i -> worker.tokens(i, 1, CHUNK));
        return Stream.of(Stream.of(worker.claimed()), chunks, Stream.of(last))
                .flatMap(events -> events)
                .toArray(ReplyEvent[]::new);
    }

    private void resume() {
        ResumePoint point = new ResumePoint(
                worker.promptId(), FakeKafka.REPLIES.partition(), 0, Instant.EPOCH, "c", null, false, false);
        client.say(new JsonObject().put("type", "response.resume").put("cursor", SEAL.seal(point, "")));
    }
}
