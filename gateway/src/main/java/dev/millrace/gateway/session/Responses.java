package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ClientEvent.CancelResponse;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.gateway.dialect.ClientEvent.ResumeResponse;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ErrorEvent;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResponseId;
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
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The responses of one session that its client has not been told the end of. Owned by the session's event loop; only
 * a {@link ReplyListener}'s methods are called by Kafka's threads, and hop.
 *
 * <p>They outlive the socket: a disconnect is no cancellation, so they have a grace period to end in, or to be resumed
 * in on another socket, here or elsewhere.
 */
final class Responses implements ReplyListener {
    private static final Logger LOG = LoggerFactory.getLogger(Responses.class);

    /** Today every client is the same to us. */
    static final String PRINCIPAL = "";

    /**
     * A response, where its log begins, and who else waits for it.
     *
     * @param reading of what its log has already; null where it was begun here
     */
    private record Running(
            ResumePoint point,
            AnswerRun response,
            Attendees attendees,
            @Nullable Reading reading) {
        String conversation() {
            return point.conversation();
        }

        boolean background() {
            return point.background();
        }
    }

    private final Context context;
    private final Exchange exchange;
    private final SocketOutbox outbox;
    private final Consumer<ErrorEvent> refuse;
    private final KeptTurns turns;
    private final Window window;
    private final Map<UUID, Running> running = new HashMap<>();
    /** Have something to write. */
    private final Set<UUID> unflushed = new LinkedHashSet<>();

    /** What the window gave and the client has not taken. */
    private long earlierBytes;

    /** That look for what they go on from. */
    private int joining;

    private boolean clientGone;

    Responses(Context context, Exchange exchange, SocketOutbox outbox, Consumer<ErrorEvent> refuse) {
        this.context = context;
        this.exchange = exchange;
        this.outbox = outbox;
        this.refuse = refuse;
        this.turns = new KeptTurns(context, exchange);
        this.window = exchange.catchUp().window(exchange.limits().mostEarlierBytes());
    }

    int count() {
        return running.size();
    }

    void create(CreateResponse create) {
        if (!full(create.eventId())) {
            Future<ResponseRun> unused = create(create, Telling.FRAMES).onFailure(failure -> {
                if (failure instanceof BadEventException refusal) {
                    refuse.accept(ErrorEvent.of(refusal.of(create.eventId())));
                }
            });
        }
    }

    /** Completes when Kafka has the prompt; fails with a {@link BadEventException} where it cannot go on from another. */
    Future<ResponseRun> create(CreateResponse create, Telling telling) {
        joining++;
        return turns.withHistory(create)
                .onComplete(joined -> joining--)
                .compose(joined -> beginIfAsked(joined, telling).onComplete(begun -> turns.release(joined)));
    }

    private Future<ResponseRun> beginIfAsked(CreateResponse create, Telling telling) {
        return clientGone ? Future.failedFuture("its client is gone") : begin(create, telling);
    }

    private Future<ResponseRun> begin(CreateResponse create, Telling telling) {
        Cursor start = subscribe();
        ResumePoint point = point(create, start);
        String cursor = exchange.cursors().seal(point, PRINCIPAL);
        ResponseEvents events = new ResponseEvents(point, cursor, telling.serverSent());
        ResponseClock clock = new ResponseClock(System::nanoTime);
        ResponseRun run = ResponseRun.begun(ReplyStream.resume(start), events, clock, exchange.metrics(), telling);
        if (create.turn().conversation() != null) {
            run.hold();
        }
        add(point, run, null);
        if (!telling.whole()) {
            outbox.write(events.created(create.eventId(), cursor));
        }
        Prompt prompt = prompt(create, start);
        return kept(create, prompt, point.createdAt())
                .compose(kept -> send(prompt))
                .compose(sent -> advanced(create, prompt, ResponseId.of(cursor)))
                .map(sent -> run);
    }

    /** Where the events of an answer will be that is to be asked for. */
    Cursor subscribe() {
        return exchange.replies().subscribe(UUID.randomUUID(), this);
    }

    /** Asks for an answer. It goes to its client through this run. */
    void start(CreateResponse create, Cursor start, AnswerRun run) {
        add(point(create, start), run, null);
        Future<Void> unused = send(prompt(create, start));
    }

    /**
     * Behind the prompt: a conversation that stood at a response which nobody was asked for could not go on. And before
     * anything is told of the answer, so that whoever knows its end finds it.
     */
    private Future<Void> advanced(CreateResponse create, Prompt prompt, String response) {
        UUID conversation = create.turn().conversation();
        return conversation == null
                ? Future.succeededFuture()
                : sent(prompt, turns.advance(conversation, response)).onSuccess(noted -> {
                    changeResumed(prompt.getId(), ResponseRun::onCaughtUp);
                    flush();
                });
    }

    private static ResumePoint point(CreateResponse create, Cursor start) {
        return new ResumePoint(
                start.promptId(),
                start.partition(),
                start.offset(),
                Instant.now(),
                create.conversation(),
                create.model(),
                create.background(),
                create.turn().store());
    }

    private static Prompt prompt(CreateResponse create, Cursor start) {
        return create.toPrompt(start.promptId(), new ReplyAddress(start.topic(), start.partition(), start.offset()));
    }

    /** Before the prompt is sent: whoever hears of an answer can go on from it. */
    private Future<Void> kept(CreateResponse create, Prompt prompt, Instant createdAt) {
        return create.turn().store()
                ? sent(prompt, exchange.prompts().keep(create.toKeep(prompt), createdAt))
                : Future.succeededFuture();
    }

    /** @throws BadEventException when the cursor cannot be opened */
    void resume(ResumeResponse resume) throws BadEventException {
        ResumePoint point = exchange.cursors().open(resume.cursor(), PRINCIPAL);
        if (running.containsKey(point.promptId())) {
            refuse.accept(new ErrorEvent(
                    ErrorCode.ALREADY_RUNNING, "this socket has the response already", "cursor", resume.eventId()));
        } else if (!full(resume.eventId())) {
            ResponseEvents events = new ResponseEvents(point, resume.cursor(), false);
            outbox.write(events.resumed(
                    resume.eventId(), resume.startingAfter(), exchange.cursors().seal(point, PRINCIPAL)));
            goOn(point, events, resume.startingAfter(), Telling.FRAMES);
        }
    }

    /** Tells of this response, wherever it was begun, what comes behind this number. */
    void goOn(ResumePoint point, ResponseEvents events, int startingAfter, Telling telling) {
        UUID id = point.promptId();
        Cursor start = Cursor.start(exchange.replyTopic(), point.partition(), id, point.offset());
        ResponseRun response =
                ResponseRun.resumed(ReplyStream.resume(start), events, exchange.metrics(), startingAfter, telling);
        Reading reading = exchange.catchUp().read(start, point.createdAt(), this, window);
        add(point, response, reading).attendees().come();
    }

    private boolean full(@Nullable String eventId) {
        int most = exchange.limits().mostRunning();
        boolean full = running.size() + joining >= most;
        if (full) {
            String message = "one socket may have " + most + " responses running";
            refuse.accept(new ErrorEvent(ErrorCode.TOO_MANY_RESPONSES, message, null, eventId));
        }
        return full;
    }

    private Running add(ResumePoint point, AnswerRun run, @Nullable Reading reading) {
        Running response = new Running(point, run, attendees(point.promptId()), reading);
        running.put(point.promptId(), response);
        exchange.metrics().onResponse();
        return response;
    }

    private Attendees attendees(UUID id) {
        return new Attendees(
                id,
                said -> Future.fromCompletionStage(exchange.prompts().announce(said), context)
                        .onFailure(failure -> LOG.warn("Who waits for {} was not told: {}", id, failure.toString())));
    }

    private Future<Void> send(Prompt prompt) {
        return sent(prompt, exchange.prompts().send(prompt));
    }

    private Future<Void> sent(Prompt prompt, CompletionStage<Void> taken) {
        return Future.fromCompletionStage(taken, context).onFailure(failure -> onNotSent(prompt, failure));
    }

    private void onNotSent(Prompt prompt, Throwable failure) {
        LOG.warn("Prompt {} was not sent: {}", prompt.getId(), failure.toString());
        sendCancellation(prompt.getId(), prompt.getConversation()); // what seemed lost may still land
        fail(prompt.getId(), ErrorCode.PROMPT_NOT_SENT, "the prompt could not be sent: try again later");
    }

    void cancel(CancelResponse cancel) {
        UUID id = promptId(cancel.responseId());
        Running response = id == null ? null : running.get(id);
        if (id == null || response == null) {
            refuse(cancel, ErrorCode.RESPONSE_NOT_FOUND, "no such response runs on this socket");
            return;
        }
        sendCancellation(id, response.conversation())
                .onFailure(failure -> refuse(
                        cancel,
                        ErrorCode.CANCELLATION_NOT_SENT,
                        "the cancellation could not be sent: try again later"));
    }

    private void refuse(CancelResponse cancel, ErrorCode code, String message) {
        refuse.accept(new ErrorEvent(code, message, "response_id", cancel.eventId()));
    }

    private @Nullable UUID promptId(String text) {
        try {
            return ResponseId.is(text)
                    ? exchange.cursors()
                            .open(ResponseId.cursor(text), PRINCIPAL)
                            .promptId()
                    : UUID.fromString(text);
        } catch (BadEventException | IllegalArgumentException e) {
            return null;
        }
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

    @Override
    public void onHistoryLost(UUID promptId) {
        context.runOnContext(
                v -> fail(promptId, ErrorCode.HISTORY_LOST, "the log no longer holds the rest of this answer"));
    }

    @Override
    public void onEarlier(List<Reply> replies, long bytes) {
        context.runOnContext(v -> {
            for (Reply reply : replies) {
                makeRoom(AnswerRun.bytes(reply));
                changeResumed(reply.event().getPromptId(), response -> response.acceptEarlier(reply));
            }
            earlierBytes += bytes;
            flush();
        });
    }

    @Override
    public void onCaughtUp(UUID promptId) {
        context.runOnContext(v -> {
            changeResumed(promptId, run -> onCaughtUp(promptId, run));
            flush();
        });
    }

    private void onCaughtUp(UUID promptId, ResponseRun run) {
        Running response = running.get(promptId);
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
            changeResumed(answer.getPromptId(), response -> response.onWholeAnswer(answer));
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
            Running response = running.get(said.getPromptId());
            if (response != null) {
                response.attendees().on(said, clientGone);
            }
        });
    }

    private void onReply(Reply reply) {
        makeRoom(AnswerRun.bytes(reply));
        change(reply.event().getPromptId(), response -> response.accept(reply));
    }

    private void fail(UUID id, ErrorCode code, String message) {
        change(id, response -> response.fail(code, message));
        flush();
    }

    private void changeResumed(UUID id, Consumer<ResponseRun> change) {
        change(id, run -> {
            if (run instanceof ResponseRun response) {
                change.accept(response);
            }
        });
    }

    private void change(UUID id, Consumer<AnswerRun> change) {
        Running response = running.get(id);
        if (response != null) {
            change.accept(response.response());
            onChanged(id, response);
        }
    }

    private void onChanged(UUID id, Running response) {
        if (response.response().ended()) {
            hearNoMore(id, response);
        }
        if (!clientGone) {
            unflushed.add(id);
        } else if (response.response().ended()) {
            forget(id);
        }
    }

    private void hearNoMore(UUID id, Running response) {
        if (response.reading() != null) {
            response.reading().stop(); // first: it may be about to subscribe
        }
        exchange.replies().unsubscribe(id, this);
    }

    /** Before more text waits than may, what waits is written; a client that does not take it is too slow. */
    private void makeRoom(long bytes) {
        if (clientGone || bytes == 0) {
            return;
        }
        if (keptBackBytes() + bytes > exchange.limits().mostQueuedBytes()) {
            flush();
        }
        outbox.makeRoom(keptBackBytes(), bytes);
    }

    private long keptBackBytes() {
        long bytes = 0;
        for (UUID id : unflushed) {
            Running response = running.get(id);
            bytes += response == null ? 0 : response.response().keptBackBytes();
        }
        return bytes;
    }

    /** Writes what the socket takes. The rest waits until it is drained. */
    void flush() {
        while (outbox.open() && !unflushed.isEmpty()) {
            flush(unflushed.iterator().next());
        }
        readOn();
    }

    /** When all has been written that was handed over, more is. */
    private void readOn() {
        if (clientGone || (outbox.open() && unflushed.isEmpty())) {
            window.onTaken(earlierBytes);
            earlierBytes = 0;
        }
    }

    private void flush(UUID id) {
        Running response = running.get(id);
        if (response == null) {
            unflushed.remove(id);
            return;
        }
        AnswerRun run = response.response();
        run.flush(outbox);
        if (run.told()) {
            unflushed.remove(id);
            forget(id);
        } else if (!run.ended()) {
            unflushed.remove(id);
        }
    }

    /** What each response that its client has not been told the end of is resumed with. */
    Map<UUID, String> cursors() {
        Map<UUID, String> cursors = new HashMap<>();
        running.forEach((id, response) -> cursors.put(id, exchange.cursors().seal(response.point(), PRINCIPAL)));
        return cursors;
    }

    private void forget(UUID id) {
        Running response = running.remove(id);
        if (response != null) {
            hearNoMore(id, response);
            exchange.metrics().onResponseGone();
        }
    }

    /** From now on they run for nobody here. */
    void onClientGone() {
        clientGone = true;
        unflushed.clear();
        readOn();
        Map.copyOf(running).forEach((id, response) -> {
            if (response.response().ended() || response.background()) {
                forget(id);
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
        Map.copyOf(running).forEach((id, response) -> {
            if (response.attendees().last() && !response.background()) {
                sendCancellation(id, response.conversation());
            }
            forget(id);
        });
    }
}
