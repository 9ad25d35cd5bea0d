package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ClientEvent;
import dev.millrace.gateway.dialect.ClientEvent.CancelResponse;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.gateway.dialect.ClientEvent.ResumeResponse;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ErrorEvent;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResponseId;
import dev.millrace.gateway.dialect.ResumePoint;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the client of a socket asks for: to create a response, to resume one, to cancel one. What cannot be done is
 * refused with an error on the same socket. Owned by its event loop.
 */
final class SocketRequests {
    private final Exchange exchange;
    private final SocketOutbox outbox;
    private final Responses responses;
    private final Consumer<ErrorEvent> refuse;
    private final ResponseStarter starter;

    SocketRequests(
            Context context, Exchange exchange, SocketOutbox outbox, Responses responses, Consumer<ErrorEvent> refuse) {
        this.exchange = exchange;
        this.outbox = outbox;
        this.responses = responses;
        this.refuse = refuse;
        this.starter = new ResponseStarter(context, exchange, outbox, responses);
    }

    void onEvent(ClientEvent event) {
        if (event instanceof CreateResponse create) {
            create(create);
        } else if (event instanceof ResumeResponse resume) {
            resume(resume);
        } else if (event instanceof CancelResponse cancel) {
            cancel(cancel);
        }
    }

    private void create(CreateResponse create) {
        if (!full(create.eventId())) {
            Future<ResponseRun> unused = starter.create(create, Telling.FRAMES).onFailure(failure -> {
                if (failure instanceof BadEventException refusal) {
                    refuse.accept(ErrorEvent.of(refusal.of(create.eventId())));
                }
            });
        }
    }

    private void resume(ResumeResponse resume) {
        try {
            ResumePoint point = exchange.cursors().open(resume.cursor(), Responses.PRINCIPAL);
            resume(resume, point);
        } catch (BadEventException e) {
            refuse.accept(ErrorEvent.of(e.of(resume.eventId())));
        }
    }

    private void resume(ResumeResponse resume, ResumePoint point) {
        if (responses.find(point.promptId()) != null) {
            refuse.accept(new ErrorEvent(
                    ErrorCode.ALREADY_RUNNING, "this socket has the response already", "cursor", resume.eventId()));
        } else if (!full(resume.eventId())) {
            ResponseEvents events = new ResponseEvents(point, resume.cursor(), false);
            outbox.write(events.resumed(
                    resume.eventId(), resume.startingAfter(), exchange.cursors().seal(point, Responses.PRINCIPAL)));
            responses.goOn(point, events, resume.startingAfter(), Telling.FRAMES);
        }
    }

    private boolean full(@Nullable String eventId) {
        int most = exchange.limits().mostRunning();
        boolean full = responses.count() + starter.joining() >= most;
        if (full) {
            String message = "one socket may have " + most + " responses running";
            refuse.accept(new ErrorEvent(ErrorCode.TOO_MANY_RESPONSES, message, null, eventId));
        }
        return full;
    }

    private void cancel(CancelResponse cancel) {
        UUID id = promptId(cancel.responseId());
        RunningResponse response = id == null ? null : responses.find(id);
        if (response == null) {
            refuse(cancel, ErrorCode.RESPONSE_NOT_FOUND, "no such response runs on this socket");
            return;
        }
        responses
                .sendCancellation(response.id(), response.conversation())
                .onFailure(failure -> refuse(
                        cancel,
                        ErrorCode.CANCELLATION_NOT_SENT,
                        "the cancellation could not be sent: try again later"));
    }

    private @Nullable UUID promptId(String text) {
        try {
            return ResponseId.is(text)
                    ? exchange.cursors()
                            .open(ResponseId.cursor(text), Responses.PRINCIPAL)
                            .promptId()
                    : UUID.fromString(text);
        } catch (BadEventException | IllegalArgumentException e) {
            return null;
        }
    }

    private void refuse(CancelResponse cancel, ErrorCode code, String message) {
        refuse.accept(new ErrorEvent(code, message, "response_id", cancel.eventId()));
    }
}
