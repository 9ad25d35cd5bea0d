package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.kafka.Reading;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.gateway.kafka.ReplyListener;
import dev.millrace.gateway.kafka.Window;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Completion;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * One look at a response by its log. Who looks waits for nothing: it counts for no grace period, and cancels nothing.
 * Owned by its session's event loop; a {@link ReplyListener}'s methods are called by Kafka's threads, and hop.
 */
final class Retrieval implements ReplyListener {
    private final Context context;
    private final Exchange exchange;
    private final ResumePoint point;
    private final boolean awaitsEnd;
    private final Consumer<ResponseRun> onDone;
    private final ResponseRun run;
    private final Window window;
    private final Reading reading;
    private boolean done;

    /**
     * Begins to read.
     *
     * @param patience how long its end is waited for; zero: not at all
     */
    Retrieval(
            Context context,
            Exchange exchange,
            ResumePoint point,
            ResponseEvents events,
            Duration patience,
            Consumer<ResponseRun> onDone) {
        this.context = context;
        this.exchange = exchange;
        this.point = point;
        this.awaitsEnd = !patience.isZero();
        this.onDone = onDone;
        Cursor start = Cursor.start(exchange.replyTopic(), point.partition(), point.promptId(), point.offset());
        this.run = ResponseRun.resumed(ReplyStream.resume(start), events, exchange.metrics(), 0, Telling.FRAMES);
        this.window = exchange.catchUp().window(exchange.limits().mostEarlierBytes());
        this.reading = exchange.catchUp().read(start, point.createdAt(), this, window);
        if (awaitsEnd) {
            context.owner().setTimer(patience.toMillis(), timer -> done());
        }
    }

    /** Nobody looks any more. Idempotent. */
    void stop() {
        if (!done) {
            done = true;
            reading.stop(); // first: it may be about to subscribe
            exchange.replies().unsubscribe(point.promptId(), this);
        }
    }

    private void done() {
        if (!done) {
            stop();
            onDone.accept(run);
        }
    }

    private void change(Runnable change) {
        context.runOnContext(v -> {
            change.run();
            if (run.ended()) {
                done();
            }
        });
    }

    @Override
    public void onReplies(List<Reply> replies) {
        change(() -> replies.forEach(run::accept));
    }

    @Override
    public void onEarlier(List<Reply> replies, long bytes) {
        change(() -> {
            replies.forEach(run::acceptEarlier);
            window.onTaken(bytes);
        });
    }

    @Override
    public void onCaughtUp(UUID promptId) {
        change(() -> {
            if (!run.onCaughtUp()) {
                exchange.catchUp().readOn(reading);
            } else if (!awaitsEnd) {
                done();
            }
        });
    }

    @Override
    public void onWholeAnswer(Completion answer) {
        change(() -> run.onWholeAnswer(answer));
    }

    @Override
    public void onExpired(UUID promptId) {
        change(() -> run.fail(ErrorCode.CURSOR_EXPIRED, "the log no longer reaches back to where this answer began"));
    }

    @Override
    public void onHistoryLost(UUID promptId) {
        change(() -> run.fail(ErrorCode.HISTORY_LOST, "the log no longer holds the rest of this answer"));
    }

    @Override
    public void onAttendance(Attendance attendance) {}
}
