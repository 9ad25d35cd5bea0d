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
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Completion;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The responses of one session that its client has not been told the end of, and what Kafka says of them. Owned by the
 * session's event loop; only a {@link ReplyListener}'s methods are called by Kafka's threads, and hop.
 *
 * <p>They outlive the socket: a disconnect is no cancellation, so they have a grace period to end in, or to be resumed
 * in on another socket, here or elsewhere.
 */
final class Responses implements ReplyListener {
    private static final Logger LOG = LoggerFactory.getLogger(Responses.class);

    /** Today every client is the same to us. */
    static final String PRINCIPAL = "";

    private final Context context;
    private final Exchange exchange;
    private final AnswerWriter writer;
    private final Window window;
    private final Map<UUID, RunningResponse> running = new HashMap<>();
    /** What the window gave and the client has not taken. */
    private long earlierBytes;

    private boolean clientGone;

    Responses(Context context, Exchange exchange, SocketOutbox outbox) {
        this.context = context;
        this.exchange = exchange;
        this.writer = new AnswerWriter(outbox, exchange.limits(), this::forget);
        this.window = exchange.catchUp().window(exchange.limits().mostEarlierBytes());
    }

    int count() {
        return running.size();
    }

    @Nullable
    RunningResponse find(UUID id) {
        return running.get(id);
    }

    boolean clientGone() {
        return clientGone;
    }

    /** Where the events of an answer will be that is to be asked for. */
    Cursor subscribe() {
        return exchange.replies().subscribe(UUID.randomUUID(), this);
    }

    /** Tells of a response that is begun here, and subscribed to. */
    void add(ResumePoint point, AnswerRun run) {
        add(new RunningResponse(point, run, attendees(point.promptId()), null));
    }

    /** Tells of this response, wherever it was begun, what comes behind this number. */
    void goOn(ResumePoint point, ResponseEvents events, int startingAfter, Telling telling) {
        UUID id = point.promptId();
        Cursor start = Cursor.start(exchange.replyTopic(), point.partition(), id, point.offset());
        ResponseRun run =
                ResponseRun.resumed(ReplyStream.resume(start), events, exchange.metrics(), startingAfter, telling);
        Reading reading = exchange.catchUp().read(start, point.createdAt(), this, window);
        RunningResponse response = new RunningResponse(point, run, attendees(id), reading);
        add(response);
        response.attendees().come();
    }

    private void add(RunningResponse response) {
        running.put(response.id(), response);
        exchange.metrics().onResponse();
    }

    private Attendees attendees(UUID id) {
        return new Attendees(
                id,
                said -> Future.fromCompletionStage(exchange.prompts().announce(said), context)
                        .onFailure(failure -> LOG.warn("Who waits for {} was not told: {}", id, failure.toString())));
    }

    Future<Void> sendCancellation(UUID id, String conversation) {
        return Future.fromCompletionStage(exchange.prompts().cancel(new Cancellation(id, conversation, null)), context)
                .onFailure(failure -> LOG.warn("The cancellation of {} was not sent: {}", id, failure.toString()));
    }

    @Override
    public void onReplies(List<Reply> replies) {
        context.runOnContext(v -> {
            replies.forEach(this::onReply);
            flush();
        });
    }

    private void onReply(Reply reply) {
        writer.makeRoom(AnswerRun.bytes(reply));
        change(reply.event().getPromptId(), run -> run.accept(reply));
    }

    @Override
    public void onHistoryLost(UUID promptId) {
        context.runOnContext(
                v -> fail(promptId, ErrorCode.HISTORY_LOST, "the log no longer holds the rest of this answer"));
    }

    @Override
    public void onEarlier(List<Reply> replies, long bytes) {
        context.runOnContext(v -> {
            for (Reply reply : replies) {
                writer.makeRoom(AnswerRun.bytes(reply));
                changeResponse(reply.event().getPromptId(), run -> run.acceptEarlier(reply));
            }
            earlierBytes += bytes;
            flush();
        });
    }

    @Override
    public void onCaughtUp(UUID promptId) {
        context.runOnContext(v -> {
            changeResponse(promptId, run -> onCaughtUp(promptId, run));
            flush();
        });
    }

    private void onCaughtUp(UUID promptId, ResponseRun run) {
        RunningResponse response = running.get(promptId);
        if (response == null) {
            return;
        }
        if (!run.onCaughtUp() && response.reading() != null) {
            exchange.catchUp().readOn(response.reading());
        } else if (!clientGone) {
            response.attendees().join();
        }
    }

    @Override
    public void onWholeAnswer(Completion answer) {
        context.runOnContext(v -> {
            changeResponse(answer.getPromptId(), run -> run.onWholeAnswer(answer));
            flush();
        });
    }

    @Override
    public void onExpired(UUID promptId) {
        context.runOnContext(v ->
                fail(promptId, ErrorCode.CURSOR_EXPIRED, "the log no longer reaches back to where this answer began"));
    }

    @Override
    public void onAttendance(Attendance said) {
        context.runOnContext(v -> {
            RunningResponse response = running.get(said.getPromptId());
            if (response != null) {
                response.attendees().on(said, clientGone);
            }
        });
    }

    /** What was held of it may be told. */
    void tell(UUID id) {
        changeResponse(id, ResponseRun::onCaughtUp);
        flush();
    }

    /** The gateway can do no more for it. */
    void fail(UUID id, ErrorCode code, String message) {
        change(id, run -> run.fail(code, message));
        flush();
    }

    private void changeResponse(UUID id, Consumer<ResponseRun> change) {
        change(id, run -> {
            if (run instanceof ResponseRun response) {
                change.accept(response);
            }
        });
    }

    private void change(UUID id, Consumer<AnswerRun> change) {
        RunningResponse response = running.get(id);
        if (response != null) {
            change.accept(response.run());
            onChanged(response);
        }
    }

    private void onChanged(RunningResponse response) {
        boolean ended = response.run().ended();
        if (ended) {
            hearNoMore(response);
        }
        if (!clientGone) {
            writer.add(response);
        } else if (ended) {
            forget(response);
        }
    }

    /** Writes what the client takes of what there is for it. */
    void flush() {
        writer.flush();
        readOn();
    }

    /** When all has been written that was handed over, more is. */
    private void readOn() {
        if (clientGone || writer.idle()) {
            window.onTaken(earlierBytes);
            earlierBytes = 0;
        }
    }

    /** What each response that its client has not been told the end of is resumed with. */
    Map<UUID, String> cursors() {
        Map<UUID, String> cursors = new HashMap<>();
        running.forEach((id, response) -> cursors.put(id, exchange.cursors().seal(response.point(), PRINCIPAL)));
        return cursors;
    }

    private void forget(RunningResponse response) {
        if (running.remove(response.id(), response)) {
            writer.remove(response);
            hearNoMore(response);
            exchange.metrics().onResponseGone();
        }
    }

    private void hearNoMore(RunningResponse response) {
        if (response.reading() != null) {
            response.reading().stop(); // first: it may be about to subscribe
        }
        exchange.replies().unsubscribe(response.id(), this);
    }

    /** From now on they run for nobody here. */
    void onClientGone() {
        clientGone = true;
        writer.clear();
        readOn();
        List.copyOf(running.values()).forEach(response -> {
            if (response.run().ended() || response.background()) {
                forget(response);
            } else {
                response.attendees().leave();
            }
        });
        if (!running.isEmpty()) {
            long graceMs = Math.max(1, exchange.limits().grace().toMillis());
            context.owner().setTimer(graceMs, timer -> abandon());
        }
    }

    /** Ends what runs, but for what others wait for: the grace period is over, or its client can do nothing with it. */
    void abandon() {
        List.copyOf(running.values()).forEach(response -> {
            if (response.attendees().last() && !response.background()) {
                sendCancellation(response.id(), response.conversation());
            }
            forget(response);
        });
    }
}
