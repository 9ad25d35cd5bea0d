package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ClientEvent.CancelResponse;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ErrorEvent;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.gateway.kafka.ReplyListener;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Cancellation;
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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The responses of one session that its client has not been told the end of. Owned by the session's event loop; only
 * {@link #onReplies} and {@link #onHistoryLost} are called by the poll thread, and hop.
 *
 * <p>They outlive the socket: a disconnect is no cancellation, so they have a grace period to end in.
 */
final class Responses implements ReplyListener {
    private static final Logger LOG = LoggerFactory.getLogger(Responses.class);

    /** A response and what its cancellation has to say. */
    private record Running(String conversation, ResponseRun response) {}

    private final Context context;
    private final Exchange exchange;
    private final SocketOutbox outbox;
    private final Consumer<ErrorEvent> refuse;
    private final Map<UUID, Running> running = new HashMap<>();
    /** Have something to write. */
    private final Set<UUID> unflushed = new LinkedHashSet<>();

    private boolean clientGone;

    Responses(Context context, Exchange exchange, SocketOutbox outbox, Consumer<ErrorEvent> refuse) {
        this.context = context;
        this.exchange = exchange;
        this.outbox = outbox;
        this.refuse = refuse;
    }

    int count() {
        return running.size();
    }

    void create(CreateResponse create) {
        int most = exchange.limits().mostRunning();
        if (running.size() >= most) {
            String message = "one socket may have " + most + " responses running";
            refuse.accept(new ErrorEvent(ErrorCode.TOO_MANY_RESPONSES, message, null, create.eventId()));
            return;
        }
        UUID id = UUID.randomUUID();
        Cursor start = exchange.replies().subscribe(id, this);
        ResponseEvents events = new ResponseEvents(id, create.conversation(), create.model(), Instant.now());
        ResponseRun response = new ResponseRun(
                ReplyStream.resume(start), events, new ResponseClock(System::nanoTime), exchange.metrics());
        running.put(id, new Running(create.conversation(), response));
        exchange.metrics().onResponse();
        outbox.write(events.created(create.eventId()));
        send(create.toPrompt(id, new ReplyAddress(start.topic(), start.partition(), start.offset())));
    }

    private void send(Prompt prompt) {
        Future.fromCompletionStage(exchange.prompts().send(prompt), context).onFailure(failure -> {
            LOG.warn("Prompt {} was not sent: {}", prompt.getId(), failure.toString());
            sendCancellation(prompt.getId(), prompt.getConversation()); // what seemed lost may still land
            fail(prompt.getId(), ErrorCode.PROMPT_NOT_SENT, "the prompt could not be sent: try again later");
        });
    }

    void cancel(CancelResponse cancel) {
        UUID id = uuid(cancel.responseId());
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

    private static @Nullable UUID uuid(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private Future<Void> sendCancellation(UUID id, String conversation) {
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

    private void onReply(Reply reply) {
        UUID id = reply.event().getPromptId();
        Running response = running.get(id);
        if (response != null) {
            response.response().accept(reply);
            onChanged(id, response.response());
        }
    }

    private void fail(UUID id, ErrorCode code, String message) {
        Running response = running.get(id);
        if (response != null) {
            response.response().fail(code, message);
            onChanged(id, response.response());
            flush();
        }
    }

    private void onChanged(UUID id, ResponseRun response) {
        if (response.ended()) {
            exchange.replies().unsubscribe(id);
        }
        if (!clientGone) {
            unflushed.add(id);
        } else if (response.ended()) {
            forget(id);
        }
    }

    /** Writes what the socket takes. What it does not take waits, but not without bound. */
    void flush() {
        while (outbox.open() && !unflushed.isEmpty()) {
            UUID id = unflushed.iterator().next();
            unflushed.remove(id);
            flush(id);
        }
        outbox.onHeldBack(pendingCharacters());
    }

    private void flush(UUID id) {
        Running response = running.get(id);
        if (response != null) {
            response.response().flush(outbox);
            if (response.response().told()) {
                forget(id);
            }
        }
    }

    private long pendingCharacters() {
        long characters = 0;
        for (UUID id : unflushed) {
            Running response = running.get(id);
            characters += response == null ? 0 : response.response().pendingCharacters();
        }
        return characters;
    }

    private void forget(UUID id) {
        exchange.replies().unsubscribe(id);
        if (running.remove(id) != null) {
            exchange.metrics().onResponseGone();
        }
    }

    /** From now on they run for nobody. */
    void onClientGone() {
        clientGone = true;
        unflushed.clear();
        Map.copyOf(running).forEach((id, response) -> {
            if (response.response().ended()) {
                forget(id);
            }
        });
        if (!running.isEmpty()) {
            long graceMs = Math.max(1, exchange.limits().grace().toMillis());
            context.owner().setTimer(graceMs, timer -> abandon());
        }
    }

    /** The grace period is over: nobody came back. */
    private void abandon() {
        Map.copyOf(running).forEach((id, response) -> {
            sendCancellation(id, response.conversation());
            forget(id);
        });
    }
}
