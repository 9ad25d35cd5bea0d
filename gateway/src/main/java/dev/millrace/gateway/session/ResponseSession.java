package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ChatEvents;
import dev.millrace.gateway.dialect.ClientEventReader;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ErrorEvent;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResponseId;
import dev.millrace.gateway.dialect.ResponseRequest;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.dialect.RetrieveRequest;
import dev.millrace.schemas.event.Failure;
import io.vertx.core.Context;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request about a response over HTTP: to create it, to look at it or read on, to cancel it. Where it was begun does
 * not matter. Owned by the connection's event loop, as is all it has.
 */
public final class ResponseSession extends HttpSession {
    /** A cancellation takes milliseconds where the response's worker is well. */
    private static final Duration CANCELLED_WITHIN = Duration.ofSeconds(5);

    private boolean streams;
    private @Nullable Retrieval retrieval;

    /** Of a request that has just come, on its event loop. */
    public ResponseSession(Context context, HttpReply reply, Exchange exchange) {
        super(context, reply, exchange);
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
        var created = responses.create(asked.create(), new Telling(true, !streams, this::onTold));
        if (asked.create().background() && !streams) {
            created.onSuccess(run -> answer(run.snapshot()));
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
            ResponseEvents events = new ResponseEvents(point, ResponseId.cursor(id), true);
            if (asked.stream()) {
                goOn(point, events, id, asked.startingAfter());
            } else {
                retrieval = new Retrieval(context, exchange, point, events, Duration.ZERO, this::onRetrieved);
            }
        } catch (BadEventException e) {
            refuse(ApiError.of(e));
        }
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
            refuse(ApiError.of(e));
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

    /** Only a stream has begun when something fails, and it tells its own failures. */
    @Override
    void tellFailure(ApiError error) {}

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
