package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ChatEvents;
import dev.millrace.gateway.dialect.ChatRequest;
import dev.millrace.gateway.dialect.ChatRequestReader;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.ReplyStream;
import io.vertx.core.Context;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One chat completion over HTTP, from the request's body to the last byte of the answer. Its choices are prompts of
 * their own; what goes wrong with one ends them all. Owned by the connection's event loop, as is all it has.
 */
public final class ChatSession {
    private static final Logger LOG = LoggerFactory.getLogger(ChatSession.class);
    /** A longer body is read beside the event loop, which would be held up for milliseconds. */
    private static final int LONG_BODY_CHARACTERS = 64 << 10;

    private final Context context;
    private final HttpReply reply;
    private final Exchange exchange;
    private final SocketOutbox outbox;
    private final Responses responses;
    private final List<ChatRun> choices = new ArrayList<>();
    private @Nullable ChatRequest request;
    private @Nullable ChatEvents events;
    private int told;
    private boolean complete;
    private boolean gone;

    /** Of a request that has just come, on its event loop. */
    public ChatSession(Context context, HttpReply reply, Exchange exchange) {
        this.context = context;
        this.reply = reply;
        this.exchange = exchange;
        this.outbox = new SocketOutbox(
                reply, exchange.limits(), exchange.metrics(), this::onDrained, () -> close(CloseReason.TOO_SLOW));
        this.responses = new Responses(context, exchange, outbox, error -> {});
    }

    /** The request's body, all of it. */
    public void onBody(String body) {
        if (body.length() <= LONG_BODY_CHARACTERS) {
            try {
                start(ChatRequestReader.read(body));
            } catch (BadEventException e) {
                fail(ApiError.of(e));
            }
        } else {
            context.executeBlocking(() -> ChatRequestReader.read(body), false)
                    .onSuccess(this::start)
                    .onFailure(this::onUnreadable);
        }
    }

    private void onUnreadable(Throwable failure) {
        if (failure instanceof BadEventException refusal) {
            fail(ApiError.of(refusal));
        } else {
            LOG.error("A body could not be read: {}", failure.getClass().getName()); // the message may quote it
            fail(ApiError.of(ErrorCode.INTERNAL, "the request could not be read"));
        }
    }

    private void start(ChatRequest asked) {
        if (gone || complete) {
            return;
        }
        String model = asked.create().model();
        if (model != null && !exchange.models().mayHave(model)) {
            String message = "there is no model of this name";
            fail(new ApiError(ErrorCode.MODEL_NOT_FOUND.code(), message, "model"));
            return;
        }
        request = asked;
        for (int choice = 0; choice < asked.choices(); choice++) {
            Cursor start = responses.subscribe();
            responses.start(asked.choice(choice), start, choice(start, asked));
        }
    }

    /** The next one. The completion is named by the prompt of its first. */
    private ChatRun choice(Cursor start, ChatRequest asked) {
        if (events == null) {
            String model = asked.create().model();
            events = new ChatEvents(
                    start.promptId().toString(),
                    Instant.now(),
                    model == null ? exchange.models().usual() : model,
                    asked);
        }
        ResponseClock clock = new ResponseClock(System::nanoTime);
        ChatRun run = new ChatRun(choices.size(), this, events, ReplyStream.resume(start), clock, exchange.metrics());
        choices.add(run);
        return run;
    }

    boolean streams() {
        return request != null && request.stream();
    }

    /** A choice has come to its end, and the client has all of it that is told before the others. */
    void onTold() {
        told++;
        if (request == null || events == null || told < request.choices()) {
            return;
        }
        complete = true;
        var all = choices.stream().map(ChatRun::choice).toList();
        if (!request.stream()) {
            reply.answer(events.whole(all));
            return;
        }
        if (request.includeUsage()) {
            outbox.write(events.total(all));
        }
        outbox.write(ChatEvents.DONE);
        endWhenWritten();
    }

    /** Nothing more comes of this request. What its choices still do is for nobody. */
    public void fail(ApiError error) {
        if (gone || complete) {
            return;
        }
        complete = true;
        responses.abandon(); // before the reply ends: then they have a grace period
        exchange.metrics().onRefused(error.code());
        if (reply.begun()) {
            outbox.write(ChatEvents.failed(error));
            outbox.write(ChatEvents.DONE);
            endWhenWritten();
        } else {
            reply.refuse(error);
        }
    }

    private void onDrained() {
        responses.flush();
        endWhenWritten();
    }

    /** What waits in the outbox comes first. */
    private void endWhenWritten() {
        if (complete && !gone && streams() && reply.begun() && outbox.open()) {
            reply.end();
        }
    }

    /** So that nobody in between takes a client that waits for one that is gone. Called every few seconds. */
    public void keepAlive() {
        if (streams() && !complete && outbox.open()) {
            outbox.write(ChatEvents.KEEP_ALIVE);
        }
    }

    /** Ends it before its time. */
    public void close(CloseReason reason) {
        if (gone) {
            return;
        }
        if (reason == CloseReason.GATEWAY_STOPS) {
            fail(ApiError.of(ErrorCode.GATEWAY_STOPS, "this gateway stops: ask again"));
        } else {
            exchange.metrics().onTooSlow();
            LOG.info("A client of a chat completion is too slow and is cut off");
            reply.close(reason);
            onClosed();
        }
    }

    /** The answer is complete, or its client gone. Idempotent. */
    public void onClosed() {
        if (!gone) {
            gone = true;
            outbox.close();
            responses.onClientGone();
        }
    }
}
