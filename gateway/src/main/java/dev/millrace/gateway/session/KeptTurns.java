package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.gateway.dialect.ConversationId;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.dialect.ResponseId;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.KeptConversation;
import dev.millrace.schemas.event.Prompt;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

    /** The request with its history. Of a conversation it is then the only one here, until it is released. */
    Future<CreateResponse> withHistory(CreateResponse create) {
        try {
            UUID conversation = ConversationId.open(create.conversation(), exchange.cursors(), Responses.PRINCIPAL);
            if (conversation == null) {
                return behind(create.turn().previous(), create);
            }
            CreateResponse within = create.in(conversation);
            if (!exchange.conversations().claim(conversation)) {
                throw unfinished();
            }
            return find(conversation)
                    .compose(found -> behind(found.getLatestResponse(), within))
                    .onFailure(failure -> release(within));
        } catch (BadEventException e) {
            return Future.failedFuture(e);
        }
    }

    /** Others may go on with its conversation. */
    void release(CreateResponse joined) {
        UUID conversation = joined.turn().conversation();
        if (conversation != null) {
            exchange.conversations().release(conversation);
        }
    }

    /** How a conversation stands, after all that any gateway has said of it. */
    Future<KeptConversation> find(UUID conversation) {
        return asked(exchange.catchUp().conversationsRead()).compose(read -> {
            KeptConversation found = exchange.conversations().find(conversation);
            return found == null
                    ? Future.failedFuture(BadEventException.noConversation())
                    : Future.succeededFuture(found);
        });
    }

    /** Says how a conversation stands. */
    Future<Void> note(UUID conversation, KeptConversation stands) {
        return asked(exchange.prompts().note(conversation, new ConversationEntry(stands)));
    }

    /** From now on the conversation goes on from this response; what it went on from before need not be kept. */
    CompletionStage<Void> advance(UUID conversation, String response) {
        KeptConversation before = exchange.conversations().find(conversation);
        if (before == null) { // it is deleted meanwhile
            return CompletableFuture.completedFuture(null);
        }
        KeptConversation now =
                KeptConversation.newBuilder(before).setLatestResponse(response).build();
        return exchange.prompts().note(conversation, new ConversationEntry(now)).thenRun(() -> forget(before));
    }

    /** Deletes a conversation with all its turns, the last of which holds them. */
    Future<Void> delete(UUID conversation, KeptConversation stands) {
        return asked(exchange.prompts().note(conversation, null)).onSuccess(deleted -> forget(stands));
    }

    /** Nothing leads to its turn any more, so it does not matter when that is gone, or whether before its time. */
    private void forget(KeptConversation stood) {
        String response = stood.getLatestResponse();
        if (response != null) {
            try {
                CompletableFuture<Void> unused =
                        exchange.prompts().forget(open(response).promptId());
            } catch (BadEventException e) {
                LOG.info("A turn of a key that this gateway does not have is left to its retention");
            }
        }
    }

    private ResumePoint open(String response) throws BadEventException {
        return exchange.cursors().open(ResponseId.cursor(response), Responses.PRINCIPAL);
    }

    private Future<CreateResponse> behind(@Nullable String previous, CreateResponse create) {
        if (previous == null) {
            return Future.succeededFuture(create);
        }
        try {
            ResumePoint point = open(previous);
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

    private static BadEventException unfinished() {
        return BadEventException.ofPrevious(
                ErrorCode.PREVIOUS_RESPONSE_UNFINISHED, "it has not ended: wait for that, or cancel it");
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
            throw unfinished();
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
