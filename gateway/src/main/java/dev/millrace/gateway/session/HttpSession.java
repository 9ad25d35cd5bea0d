package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ChatEvents;
import dev.millrace.gateway.dialect.ErrorCode;
import io.vertx.core.Context;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request over HTTP that is answered from Kafka, to the last byte of its answer. Owned by the connection's event
 * loop, as is all it has.
 */
public abstract sealed class HttpSession permits ChatSession, ConversationSession, ResponseSession {
    private static final Logger LOG = LoggerFactory.getLogger(HttpSession.class);
    /** A longer body is read beside the event loop, which would be held up for milliseconds. */
    private static final int LONG_BODY_CHARACTERS = 64 << 10;

    final Context context;
    final HttpReply reply;
    final Exchange exchange;
    final SocketOutbox outbox;
    final Responses responses;
    /** What the outbox had been given when it was last looked at whether the stream is idle; -1: not yet. */
    private long framesBefore = -1;

    private boolean complete;
    private boolean gone;

    HttpSession(Context context, HttpReply reply, Exchange exchange) {
        this.context = context;
        this.reply = reply;
        this.exchange = exchange;
        this.outbox = new SocketOutbox(reply, exchange.limits(), exchange.metrics(), this::onDrained, this::onTooSlow);
        this.responses = new Responses(context, exchange, outbox);
    }

    /** Whether the answer comes as events. */
    abstract boolean streams();

    /** Tells in the middle of a stream that it fails. */
    abstract void tellFailure(ApiError error);

    /** The last event of a stream whose client is too slow. */
    abstract String slowConsumer();

    /** Ends it before its time, because this gateway stops. */
    abstract void onGatewayStops();

    /** Reads a body of this length, and goes on with what it says. */
    <T> void read(int characters, Callable<T> reader, Consumer<T> next) {
        if (characters <= LONG_BODY_CHARACTERS) {
            T read;
            try {
                read = reader.call();
            } catch (Exception e) {
                onUnreadable(e);
                return;
            }
            next.accept(read);
        } else {
            context.executeBlocking(reader, false)
                    .onSuccess(read -> {
                        if (!over()) {
                            next.accept(read);
                        }
                    })
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

    /** Whether there is such a model; if not, the request is refused. */
    boolean hasModel(@Nullable String model) {
        boolean has = model == null || exchange.models().mayHave(model);
        if (!has) {
            fail(new ApiError(ErrorCode.MODEL_NOT_FOUND.code(), "there is no model of this name", "model"));
        }
        return has;
    }

    /** Whether nothing more is to be said. */
    boolean over() {
        return complete || gone;
    }

    /** All that there is to tell is in the outbox. */
    void onStreamComplete() {
        complete = true;
        endWhenWritten();
    }

    void answer(String json) {
        if (!over()) {
            complete = true;
            reply.answer(json);
        }
    }

    /** Nothing more comes of this request. What it has begun is for nobody. */
    public void fail(ApiError error) {
        if (!over()) {
            complete = true;
            responses.abandon(); // before the reply ends: then they have a grace period
            tell(error);
        }
    }

    /** The same of one that has nothing under way. */
    void refuse(ApiError error) {
        if (!over()) {
            complete = true;
            tell(error);
        }
    }

    private void tell(ApiError error) {
        exchange.metrics().onRefused(error.code());
        if (reply.begun()) {
            tellFailure(error);
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
        boolean idle = outbox.frames() == framesBefore;
        if (idle && streams() && !complete && outbox.open()) {
            outbox.write(ChatEvents.KEEP_ALIVE);
        }
        framesBefore = outbox.frames();
    }

    private void onTooSlow() {
        if (!gone) {
            exchange.metrics().onTooSlow();
            exchange.metrics().onError(ErrorCode.SLOW_CONSUMER);
            LOG.info("A client over HTTP is too slow and is cut off");
            outbox.close(slowConsumer());
            cut(CloseReason.TOO_SLOW);
        }
    }

    /** This gateway stops. */
    public void stop() {
        if (!gone) {
            onGatewayStops();
        }
    }

    void cut(CloseReason reason) {
        reply.close(reason);
        onClosed();
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
