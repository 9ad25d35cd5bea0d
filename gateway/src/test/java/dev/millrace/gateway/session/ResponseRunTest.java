package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.Accumulated;
import dev.millrace.gateway.ReplyEvents;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ResponseRunTest {
    private static final UUID ID = UUID.fromString("0b9e7c1a-57a4-4d0e-9d53-0d2f6a1f3c11");
    private static final ReplyEvents WORKER = new ReplyEvents(ID, new Writer(1000, 1));
    private static final ReplyEvents SUCCESSOR = new ReplyEvents(ID, new Writer(2000, 2));

    private final FakeSocket socket = new FakeSocket();
    private final CollectorRegistry registry = new CollectorRegistry();
    private final SessionMetrics metrics = new SessionMetrics(registry);
    private final SocketOutbox outbox =
            new SocketOutbox(socket, new SessionLimits(1, 4 << 20, Duration.ZERO), metrics, () -> {}, () -> {});
    private long nowMs;
    private long offset = 100;
    private final ResponseEvents events =
            new ResponseEvents(new ResumePoint(ID, 5, 100, Instant.EPOCH, "c", null, false, false), "sealed", false);
    private final ResponseRun run = ResponseRun.begun(
            ReplyStream.resume(Cursor.start("replies", 5, ID, 100)),
            events,
            new ResponseClock(() -> TimeUnit.MILLISECONDS.toNanos(nowMs)),
            metrics,
            Telling.FRAMES);

    @Test
    void makesOneDeltaOfAllThatTheClientDoesNotHave() {
        accept(WORKER.claimed(), WORKER.tokens(0, 1, "a"), WORKER.tokens(1, 1, ""), WORKER.tokens(2, 1, "b"));
        run.flush(outbox);
        run.flush(outbox);

        assertThat(socket.types())
                .containsExactly(
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta");
        assertThat(socket.events().get(3).getString("delta")).isEqualTo("ab");
    }

    @Test
    void writesNothingForTokensThatReleaseNoText() {
        accept(WORKER.claimed(), WORKER.tokens(0, 1, "a"));
        run.flush(outbox);
        accept(WORKER.tokens(1, 1, ""));
        run.flush(outbox);

        assertThat(socket.frames).hasSize(4);
    }

    @Test
    void ignoresAZombie() {
        accept(WORKER.claimed(), WORKER.tokens(0, 1, "a"), SUCCESSOR.claimed(), WORKER.tokens(1, 1, "zombie"));
        accept(WORKER.finished(FinishReason.ERROR, ""), SUCCESSOR.tokens(1, 1, "b"));
        run.flush(outbox);

        assertThat(run.ended()).isFalse();
        assertThat(Accumulated.text(socket.events())).isEqualTo("ab");
    }

    @Test
    void startsOverBeforeWhatFollows() {
        accept(WORKER.claimed(), WORKER.tokens(0, 1, "old"));
        run.flush(outbox);
        accept(WORKER.tokens(1, 1, "never shown"), SUCCESSOR.claimed(), SUCCESSOR.restarted());
        accept(SUCCESSOR.tokens(0, 1, "new"), SUCCESSOR.finished(FinishReason.STOP, "."));
        run.flush(outbox);

        assertThat(socket.types())
                .containsExactly(
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.restarted",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(Accumulated.text(socket.events())).isEqualTo("new.");
    }

    @Test
    void showsProgressUntilThereIsText() {
        accept(WORKER.claimed());
        run.flush(outbox);
        accept(WORKER.queued(3));
        run.flush(outbox);
        accept(WORKER.queued(2), WORKER.prefilled(10, 20));
        run.flush(outbox);
        accept(WORKER.tokens(0, 1, "a"));
        run.flush(outbox);
        accept(SUCCESSOR.claimed(), SUCCESSOR.queued(1), SUCCESSOR.prefilled(1, 20));
        run.flush(outbox);

        assertThat(socket.types())
                .containsExactly(
                        "response.queued",
                        "response.queued",
                        "response.in_progress",
                        "response.progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta");
        assertThat(socket.events().get(1).getInteger("queue_position")).isEqualTo(3);
        assertThat(socket.events().get(3).getInteger("prefilled_tokens")).isEqualTo(10);
        assertThat(socket.events().get(3).getInteger("prompt_tokens")).isEqualTo(20);
    }

    @Test
    void endsOnce() {
        accept(WORKER.claimed(), WORKER.finished(FinishReason.STOP, "a"), WORKER.finished(FinishReason.ERROR, "b"));
        run.fail(ErrorCode.HISTORY_LOST, "too late");
        run.flush(outbox);
        run.flush(outbox);

        assertThat(socket.types())
                .containsExactly(
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(run.told()).isTrue();
        assertThat(registry.getSampleValue(
                        "millrace_gateway_responses_ended_total", new String[] {"reason"}, new String[] {"stop"}))
                .isEqualTo(1);
    }

    @Test
    void hasNoMessageWhereThereIsNoText() {
        accept(WORKER.claimed(), WORKER.tokens(0, 1, ""), WORKER.finished(FinishReason.CANCELLED, ""));
        run.flush(outbox);

        assertThat(socket.types()).containsExactly("response.in_progress", "response.incomplete");
        assertThat(Accumulated.text(socket.events())).isEmpty();
    }

    @Test
    void callsNoMessageDoneThatFailed() {
        accept(WORKER.claimed(), WORKER.tokens(0, 1, "a"), WORKER.finished(FinishReason.ERROR, ""));
        run.flush(outbox);

        assertThat(socket.types())
                .endsWith("response.content_part.added", "response.output_text.delta", "response.failed");
    }

    @Test
    void hearsNothingMoreOnceTheGatewayGaveUp() {
        run.fail(ErrorCode.HISTORY_LOST, "gone");
        accept(WORKER.claimed(), WORKER.tokens(0, 1, "a"), WORKER.finished(FinishReason.STOP, ""));
        run.flush(outbox);

        assertThat(socket.types()).containsExactly("response.failed");
    }

    @Test
    void takesTheTimesThatTheClientSees() {
        nowMs = 250;
        accept(WORKER.claimed(), WORKER.tokens(0, 4, "four"));
        nowMs = 1250;
        accept(SUCCESSOR.claimed(), SUCCESSOR.tokens(4, 10, "ten more"), SUCCESSOR.finished(FinishReason.STOP, ""));
        run.flush(outbox);

        JsonObject last = socket.events().get(socket.frames.size() - 1);
        JsonObject timings = last.getJsonObject("response").getJsonObject("timings");
        assertThat(timings.getDouble("time_to_first_token_ms")).isEqualTo(250.0);
        assertThat(timings.getDouble("tokens_per_second")).isEqualTo(10.0);
        assertThat(registry.getSampleValue("millrace_gateway_time_to_first_token_seconds_sum"))
                .isEqualTo(0.25);
    }

    @Test
    void claimsNoPaceThatItDidNotSee() {
        accept(WORKER.claimed(), WORKER.tokens(0, 3, "all at once"), WORKER.finished(FinishReason.STOP, ""));
        run.flush(outbox);

        JsonObject last = socket.events().get(socket.frames.size() - 1);
        assertThat(last.getJsonObject("response").getJsonObject("timings").getDouble("tokens_per_second"))
                .isNull();
    }

    private void accept(ReplyEvent... events) {
        for (ReplyEvent event : events) {
            run.accept(new Reply(offset++, event));
        }
    }
}
