package dev.millrace.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.Accumulated;
import dev.millrace.gateway.ReplyEvents;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A client that is cut off behind any frame and goes on elsewhere has what one has that was never cut off. */
class ResumedRunTest {
    private static final UUID ID = UUID.fromString("0b9e7c1a-57a4-4d0e-9d53-0d2f6a1f3c11");
    private static final ReplyEvents WORKER = new ReplyEvents(ID, new Writer(1000, 1));
    private static final ReplyEvents SUCCESSOR = new ReplyEvents(ID, new Writer(2000, 2));
    private static final ReplyEvents OTHER_MODEL = new ReplyEvents(ID, new Writer(3000, 3));

    private static final List<ReplyEvent> LOG = List.of(
            WORKER.claimed(),
            WORKER.queued(2),
            WORKER.prefilled(3, 9),
            WORKER.tokens(0, 1, "On"),
            WORKER.tokens(1, 1, ""),
            WORKER.tokens(2, 1, "ce"),
            SUCCESSOR.claimed(),
            WORKER.tokens(3, 1, " zombie"),
            SUCCESSOR.queued(1),
            SUCCESSOR.tokens(3, 2, " upon"),
            OTHER_MODEL.claimed(),
            OTHER_MODEL.restarted(),
            OTHER_MODEL.prefilled(1, 9),
            SUCCESSOR.finished(FinishReason.ERROR, ""),
            OTHER_MODEL.tokens(0, 1, "Long"),
            OTHER_MODEL.tokens(1, 3, " ago"),
            OTHER_MODEL.finished(FinishReason.STOP, "."));

    private final SessionMetrics metrics = new SessionMetrics(new CollectorRegistry());

    @Test
    void hasNoGapAndNoRepeatWhereverItWasCutOffAndHoweverTokensBecameDeltas() {
        Random random = new Random(1);
        for (int round = 0; round < 300; round++) {
            List<JsonObject> before = told(resumed(-1), random.nextInt(4) + 1, random.nextInt(LOG.size() + 1), random);
            for (int cut = 0; cut <= before.size(); cut++) {
                List<JsonObject> had = before.subList(0, cut);
                int last = had.isEmpty() ? -1 : number(had.get(cut - 1));

                List<JsonObject> all = new ArrayList<>(had);
                all.addAll(told(resumed(last), random.nextInt(4) + 1, random.nextInt(LOG.size() + 1), random));

                assertWhole(cut == before.size() ? all.subList(0, all.size() - 1) : all);
            }
        }
    }

    @Test
    void keepsFewLiveEventsWhileItsLogIsReadAndLetsItBeReadFurther() {
        FakeSocket socket = new FakeSocket();
        SocketOutbox outbox =
                new SocketOutbox(socket, new SessionLimits(1, 4 << 20, Duration.ZERO), metrics, () -> {}, () -> {});
        ResponseRun run = resumed(-1);
        String chunk = "x".repeat(HeldReplies.MOST_BYTES / 4);

        run.acceptEarlier(new Reply(0, WORKER.claimed()));
        for (int i = 0; i < 8; i++) {
            run.accept(new Reply(1 + i, WORKER.tokens(i, 1, chunk)));
        }
        assertThat(run.onCaughtUp()).isFalse();
        run.accept(new Reply(9, WORKER.finished(FinishReason.STOP, "end")));
        for (int i = 0; i < 8; i++) {
            run.acceptEarlier(new Reply(1 + i, WORKER.tokens(i, 1, chunk)));
        }
        assertThat(run.ended()).isFalse();
        assertThat(run.onCaughtUp()).isTrue();
        run.flush(outbox);

        assertThat(Accumulated.text(socket.events())).isEqualTo(chunk.repeat(8) + "end");
    }

    @Test
    void keepsNoneBehindOneThatItPassedOver() {
        ResponseRun run = resumed(-1);

        run.accept(new Reply(1, WORKER.tokens(0, 1, "x".repeat(2 * HeldReplies.MOST_BYTES))));
        run.accept(new Reply(2, WORKER.tokens(1, 1, "small")));

        assertThat(run.onCaughtUp()).isFalse();
        assertThat(run.onCaughtUp()).isTrue();
    }

    @Test
    void startsOverWithTheWholeAnswerWhereTheLogIsGone() {
        FakeSocket socket = new FakeSocket();
        SocketOutbox outbox =
                new SocketOutbox(socket, new SessionLimits(1, 4 << 20, Duration.ZERO), metrics, () -> {}, () -> {});
        ResponseRun run = resumed(137);

        run.onWholeAnswer(new Completion(
                ID, "c", "m", "Once.", FinishReason.STOP, new Usage(1, 1, 0, 0), new Timings(1.0, 1.0, 1.0), null));
        run.flush(outbox);

        assertThat(socket.types())
                .containsExactly(
                        "response.in_progress",
                        "response.restarted",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(socket.events().get(1).getString("reason")).isEqualTo("cursor_expired");
        assertThat(socket.events())
                .extracting(ResumedRunTest::number)
                .isSorted()
                .allMatch(number -> number > 137);
    }

    private static void assertWhole(List<JsonObject> frames) {
        int number = -1;
        for (JsonObject frame : frames) {
            assertThat(number(frame)).as("%s", frames).isGreaterThan(number);
            number = number(frame);
        }
        assertThat(Accumulated.text(frames)).as("%s", frames).isEqualTo("Long ago.");
        assertThat(frames.stream().map(frame -> frame.getString("type")))
                .containsOnlyOnce("response.in_progress", "response.output_text.done", "response.completed")
                .endsWith("response.completed");
    }

    /** @param caughtUp after so many events, of which the last two come as live ones too, and early */
    private List<JsonObject> told(ResponseRun run, int mostBetweenFlushes, int caughtUp, Random random) {
        FakeSocket socket = new FakeSocket();
        SocketOutbox outbox =
                new SocketOutbox(socket, new SessionLimits(1, 4 << 20, Duration.ZERO), metrics, () -> {}, () -> {});
        for (int i = Math.max(0, caughtUp - 2); i < caughtUp; i++) {
            run.accept(new Reply(i, LOG.get(i)));
        }
        for (int i = 0; i < LOG.size(); i++) {
            if (i == caughtUp) {
                run.onCaughtUp();
            }
            if (i < caughtUp) {
                run.acceptEarlier(new Reply(i, LOG.get(i)));
            } else {
                run.accept(new Reply(i, LOG.get(i)));
            }
            if (random.nextInt(mostBetweenFlushes) == 0) {
                run.flush(outbox);
            }
        }
        run.onCaughtUp();
        run.flush(outbox);
        return socket.events();
    }

    private ResponseRun resumed(int startingAfter) {
        return ResponseRun.resumed(
                ReplyStream.resume(Cursor.start("replies", 5, ID, 0)),
                new ResponseEvents(new ResumePoint(ID, 5, 0, Instant.EPOCH, "c", null, false, false), "sealed", false),
                metrics,
                startingAfter,
                Telling.FRAMES);
    }

    private static int number(JsonObject frame) {
        return frame.getInteger("sequence_number");
    }
}
