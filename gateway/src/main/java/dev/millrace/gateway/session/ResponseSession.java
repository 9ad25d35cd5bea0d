package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ChatEvents;
import dev.millrace.gateway.dialect.ClientEventReader;
import dev.millrace.gateway.dialect.Deletion;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ErrorEvent;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResponseId;
import dev.millrace.gateway.dialect.ResponseRequest;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.dialect.RetrieveRequest;
import dev.millrace.schemas.event.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request about a response over HTTP: to create it, to look at it or read on, to cancel it. Where it was begun does
 * not matter. Owned by the connection's event loop, as is all it has.
 */
public final class ResponseSession extends HttpSession {
    /** A cancellation takes milliseconds where the response's worker is well. */
    private static final Duration CANCELLED_WITHIN = Duration.ofSeconds(5);

    private final ResponseStarter starter;
    private final KeptTurns turns;
    private boolean streams;
    private @Nullable Retrieval retrieval;

    /** Of a request that has just come, on its event loop. */
    public ResponseSession(Context context, HttpReply reply, Exchange exchange) {
        super(context, reply, exchange);
        this.starter = new ResponseStarter(context, exchange, outbox, responses);
        this.turns = new KeptTurns(context, exchange);
    }

    /** Answers this body. */
    public void create(String body) {
        read(body.length(), () -> ClientEventReader.readBody(body), this::create);
    }

    private void create(ResponseRequest asked) {
        if (!hasModel(asked.create().model())) {
            return;
        }
        streams = asked.stream();
        var created = starter.create(asked.create(), new Telling(true, !streams, this::onTold));
        if (asked.create().background() && !streams) {
            created.onSuccess(run -> answer(run.snapshot()));
        }
        created.onFailure(this::refuse);
    }

    /** Of other failures the response itself tells. */
    private void refuse(Throwable failure) {
        if (failure instanceof BadEventException refusal) {
            refuse(ApiError.of(refusal));
        }
    }

    private void onTold(ResponseRun run) {
        Failure failure = run.failure();
        if (streams) {
            onStreamComplete();
        } else if (failure != null) {
            refuse(ApiError.ofResponse(failure));
        } else {
            answer(run.snapshot());
        }
    }

    /** Tells how it stands, or what comes. */
    public void retrieve(String id, @Nullable String stream, @Nullable String startingAfter) {
        try {
            RetrieveRequest asked = RetrieveRequest.of(stream, startingAfter);
            ResumePoint point = open(id);
            whereThere(point).onSuccess(there -> retrieve(point, id, asked)).onFailure(this::refuse);
        } catch (BadEventException e) {
            refuse(e);
        }
    }

    private void retrieve(ResumePoint point, String id, RetrieveRequest asked) {
        ResponseEvents events = new ResponseEvents(point, ResponseId.cursor(id), true);
        if (over()) {
            return;
        }
        if (asked.stream()) {
            goOn(point, events, id, asked.startingAfter());
        } else {
            retrieval = new Retrieval(context, exchange, point, events, Duration.ZERO, this::onRetrieved);
        }
    }

    /** Lets nobody go on from it, or read it here. */
    public void delete(String id) {
        try {
            ResumePoint point = open(id);
            if (!point.stored()) {
                throw BadEventException.noResponse();
            }
            whereThere(point)
                    .compose(there -> turns.delete(point))
                    .onSuccess(deleted -> answer(Deletion.ofResponse(id)))
                    .onFailure(this::refuse);
        } catch (BadEventException e) {
            refuse(e);
        }
    }

    /** Fails where it is deleted. */
    private Future<Void> whereThere(ResumePoint point) {
        return turns.isDeleted(point)
                .compose(deleted ->
                        deleted ? Future.failedFuture(BadEventException.noResponse()) : Future.succeededFuture());
    }

    private void goOn(ResumePoint point, ResponseEvents events, String id, int startingAfter) {
        streams = true;
        outbox.write(
                startingAfter < 0
                        ? events.created(null, ResponseId.cursor(id))
                        : ChatEvents.KEEP_ALIVE); // the client learns at once that there is such a response
        responses.goOn(point, events, startingAfter, new Telling(true, false, this::onTold));
    }

    /** Ends it, and tells what became of it. */
    public void cancel(String id) {
        try {
            ResumePoint point = open(id);
            ResponseEvents events = new ResponseEvents(point, ResponseId.cursor(id), true);
            responses
                    .sendCancellation(point.promptId(), point.conversation())
                    .onSuccess(sent -> awaitEnd(point, events))
                    .onFailure(failure -> refuse(ApiError.of(
                            ErrorCode.CANCELLATION_NOT_SENT, "the cancellation could not be sent: try again later")));
        } catch (BadEventException e) {
            refuse(e);
        }
    }

    private void awaitEnd(ResumePoint point, ResponseEvents events) {
        if (!over()) {
            retrieval = new Retrieval(context, exchange, point, events, CANCELLED_WITHIN, this::onRetrieved);
        }
    }

    private void onRetrieved(ResponseRun run) {
        Failure failure = run.failure();
        if (failure != null && failure.getCode().equals(ErrorCode.CURSOR_EXPIRED.code())) {
            refuse(ApiError.ofResponse(failure));
        } else {
            answer(run.snapshot());
        }
    }

    /** To a client an id that cannot be opened is that of no response. */
    private ResumePoint open(String id) throws BadEventException {
        try {
            return exchange.cursors().open(ResponseId.cursor(id), Responses.PRINCIPAL);
        } catch (BadEventException e) {
            throw e.code() == ErrorCode.INVALID_CURSOR ? BadEventException.noResponse() : e;
        }
    }

    @Override
    boolean streams() {
        return streams;
    }

    @Override
    String slowConsumer() {
        return "event: error\ndata: " + ErrorEvent.slowConsumer(0, responses.cursors()) + "\n\n";
    }

    /** A stream tells its own failures; what is refused before it begins, when it was only kept alive, is told here. */
    @Override
    void tellFailure(ApiError error) {
        outbox.write(error.event());
    }

    /** A stream goes on elsewhere, and nothing is lost. Who waits for a whole does not know its id yet. */
    @Override
    void onGatewayStops() {
        if (streams) {
            cut(CloseReason.GATEWAY_STOPS);
        } else {
            fail(ApiError.of(ErrorCode.GATEWAY_STOPS, "this gateway stops: ask again"));
        }
    }

    @Override
    public void onClosed() {
        if (retrieval != null) {
            retrieval.stop();
        }
        super.onClosed();
    }
}
