package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResponseId;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.Prompt;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one session asks of the turns that Kafka keeps. A turn is kept before its prompt is sent, and its answer is in the
 * reply log: nobody has to write anything when it ends, so no death can leave it out. All failures are {@link
 * BadEventException}s. Owned by its session's event loop.
 */
final class KeptTurns {
    private static final Logger LOG = LoggerFactory.getLogger(KeptTurns.class);
    private static final long PATIENCE_SECONDS = 10;
    /** What its client has been told at another gateway comes here a little later. */
    private static final Duration END_HEARD_WITHIN = Duration.ofSeconds(1);

    private final Context context;
    private final Exchange exchange;

    KeptTurns(Context context, Exchange exchange) {
        this.context = context;
        this.exchange = exchange;
    }

    /** The request with its history. */
    Future<CreateResponse> withHistory(CreateResponse create) {
        String previous = create.turn().previous();
        if (previous == null) {
            return Future.succeededFuture(create);
        }
        try {
            ResumePoint point = exchange.cursors().open(ResponseId.cursor(previous), Responses.PRINCIPAL);
            ResponseEvents events = new ResponseEvents(point, ResponseId.cursor(previous), false);
            return find(point).compose(asked -> join(create, asked, point, events));
        } catch (BadEventException e) {
            return Future.failedFuture(notFound());
        }
    }

    private Future<Prompt> find(ResumePoint point) {
        return isDeleted(point)
                .compose(deleted -> !point.stored() || deleted
                        ? Future.succeededFuture(Optional.<Prompt>empty())
                        : asked(exchange.catchUp().findTurn(point.promptId(), point.createdAt())))
                .compose(found -> found.map(Future::succeededFuture).orElse(Future.failedFuture(notFound())));
    }

    /** Whether its client has deleted it, at any gateway. */
    Future<Boolean> isDeleted(ResumePoint point) {
        return point.stored()
                ? asked(exchange.catchUp().conversationsRead())
                        .map(read -> exchange.conversations().isDeleted(point.promptId()))
                : Future.succeededFuture(false);
    }

    Future<Void> delete(ResumePoint point) {
        return asked(exchange.prompts().delete(point.promptId()));
    }

    private static BadEventException notFound() {
        return BadEventException.ofPrevious(
                ErrorCode.PREVIOUS_RESPONSE_NOT_FOUND,
                "it was not stored, is deleted, or is too old: say the whole conversation");
    }

    private Future<CreateResponse> join(CreateResponse create, Prompt asked, ResumePoint point, ResponseEvents events) {
        Promise<CreateResponse> joined = Promise.promise();
        Retrieval unused = new Retrieval(context, exchange, point, events, END_HEARD_WITHIN, run -> {
            try {
                joined.complete(create.after(asked, answer(run)));
            } catch (BadEventException e) {
                joined.fail(e);
            }
        });
        return joined.future();
    }

    /** Its text, also where it is not complete; none where it failed. */
    private static String answer(ResponseRun run) throws BadEventException {
        if (!run.ended()) {
            throw BadEventException.ofPrevious(
                    ErrorCode.PREVIOUS_RESPONSE_UNFINISHED, "it has not ended: wait for that, or cancel it");
        }
        Failure failure = run.failure();
        if (failure != null && ErrorCode.ofLostAnswers().contains(failure.getCode())) {
            throw notFound();
        }
        return failure == null ? run.text() : "";
    }

    /** Of Kafka. */
    private <T> Future<T> asked(CompletionStage<T> answer) {
        return Future.fromCompletionStage(answer, context)
                .timeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .recover(failure -> {
                    LOG.warn("Kafka did not tell of, or take, what is kept of a conversation: {}", failure.toString());
                    return Future.failedFuture(BadEventException.ofPrevious(
                            ErrorCode.CONVERSATIONS_UNAVAILABLE, "Kafka does not answer: try again later"));
                });
    }
}
