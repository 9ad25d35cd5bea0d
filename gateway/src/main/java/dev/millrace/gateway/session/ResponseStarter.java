package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResponseId;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins the responses of one session: what a client asks for gets its history and a place for its answer, its turn is
 * kept, and its prompt sent. Owned by the session's event loop.
 */
final class ResponseStarter {
    private static final Logger LOG = LoggerFactory.getLogger(ResponseStarter.class);

    private final Context context;
    private final Exchange exchange;
    private final SocketOutbox outbox;
    private final Responses responses;
    private final KeptTurns turns;
    /** That look for what they go on from. */
    private int joining;

    ResponseStarter(Context context, Exchange exchange, SocketOutbox outbox, Responses responses) {
        this.context = context;
        this.exchange = exchange;
        this.outbox = outbox;
        this.responses = responses;
        this.turns = new KeptTurns(context, exchange);
    }

    /** How many are to be begun as soon as their history is found. */
    int joining() {
        return joining;
    }

    /** Completes when Kafka has the prompt; fails with a {@link BadEventException} where it cannot go on from another. */
    Future<ResponseRun> create(CreateResponse create, Telling telling) {
        joining++;
        return turns.withHistory(create)
                .onComplete(joined -> joining--)
                .compose(joined -> beginIfAsked(joined, telling).onComplete(begun -> turns.release(joined)));
    }

    private Future<ResponseRun> beginIfAsked(CreateResponse create, Telling telling) {
        return responses.clientGone() ? Future.failedFuture("its client is gone") : begin(create, telling);
    }

    private Future<ResponseRun> begin(CreateResponse create, Telling telling) {
        Cursor start = responses.subscribe();
        ResumePoint point = point(create, start);
        String cursor = exchange.cursors().seal(point, Responses.PRINCIPAL);
        ResponseEvents events = new ResponseEvents(point, cursor, telling.serverSent());
        ResponseClock clock = new ResponseClock(System::nanoTime);
        ResponseRun run = ResponseRun.begun(ReplyStream.resume(start), events, clock, exchange.metrics(), telling);
        if (create.turn().conversation() != null) {
            run.hold();
        }
        responses.add(point, run);
        if (!telling.whole()) {
            outbox.write(events.created(create.eventId(), cursor));
        }
        Prompt prompt = prompt(create, start);
        return kept(create, prompt, point.createdAt())
                .compose(kept -> send(prompt))
                .compose(sent -> advanced(create, prompt, ResponseId.of(cursor)))
                .map(sent -> run);
    }

    /** Sends the prompt of an answer that is subscribed to. It goes to its client through this run. */
    void start(CreateResponse create, Cursor start, AnswerRun run) {
        responses.add(point(create, start), run);
        Future<Void> unused = send(prompt(create, start));
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

    private Future<Void> send(Prompt prompt) {
        return sent(prompt, exchange.prompts().send(prompt));
    }

    /**
     * Behind the prompt: a conversation that stood at a response which nobody was asked for could not go on. And before
     * anything is told of the answer, so that whoever knows its end finds it.
     */
    private Future<Void> advanced(CreateResponse create, Prompt prompt, String response) {
        UUID conversation = create.turn().conversation();
        return conversation == null
                ? Future.succeededFuture()
                : sent(prompt, turns.advance(conversation, response))
                        .onSuccess(noted -> responses.tell(prompt.getId()));
    }

    private Future<Void> sent(Prompt prompt, CompletionStage<Void> taken) {
        return Future.fromCompletionStage(taken, context).onFailure(failure -> onNotSent(prompt, failure));
    }

    private void onNotSent(Prompt prompt, Throwable failure) {
        LOG.warn("Prompt {} was not sent: {}", prompt.getId(), failure.toString());
        responses.sendCancellation(prompt.getId(), prompt.getConversation()); // what seemed lost may still land
        responses.fail(prompt.getId(), ErrorCode.PROMPT_NOT_SENT, "the prompt could not be sent: try again later");
    }
}
