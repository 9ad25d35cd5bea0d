package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.BadEventException;
import dev.millrace.gateway.dialect.ClientEvent;
import dev.millrace.gateway.dialect.ClientEventReader;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ErrorEvent;
import io.vertx.core.Context;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client on its socket: what it says comes in here, what it hears goes out through the outbox. Owned by the socket's
 * event loop, as is all it has.
 */
public final class Session {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    /** A longer event is read beside the event loop, which would be held up for milliseconds. */
    private static final int LONG_EVENT_CHARACTERS = 64 << 10;

    /** How a text frame is read. */
    @FunctionalInterface
    interface Reader {
        ClientEvent read(String frame) throws BadEventException;
    }

    private final Context context;
    private final Reader reader;
    private final ClientSocket socket;
    private final SessionMetrics metrics;
    private final SocketOutbox outbox;
    private final Responses responses;
    private final SocketRequests requests;
    private int errors;
    private boolean gone;

    /** Of a socket that has just opened, on its event loop. */
    public Session(Context context, ClientSocket socket, Exchange exchange) {
        this(context, socket, exchange, ClientEventReader::read);
    }

    Session(Context context, ClientSocket socket, Exchange exchange, Reader reader) {
        this.context = context;
        this.reader = reader;
        this.socket = socket;
        this.metrics = exchange.metrics();
        this.outbox = new SocketOutbox(socket, exchange.limits(), metrics, this::onDrained, this::onTooSlow);
        this.responses = new Responses(context, exchange, outbox);
        this.requests = new SocketRequests(context, exchange, outbox, responses, this::refuse);
        metrics.onOpen();
    }

    /** A text frame. */
    public void onText(String frame) {
        if (frame.length() <= LONG_EVENT_CHARACTERS) {
            ClientEvent event;
            try {
                event = reader.read(frame);
            } catch (BadEventException | RuntimeException e) {
                onUnreadable(e);
                return;
            }
            onEvent(event);
        } else {
            socket.pause();
            context.executeBlocking(() -> reader.read(frame), false)
                    .onSuccess(this::onEvent)
                    .onFailure(this::onUnreadable)
                    .onComplete(read -> socket.resume());
        }
    }

    /** A binary frame. */
    public void onBinary() {
        refuse(new ErrorEvent(ErrorCode.NOT_TEXT, "events are text frames", null, null));
    }

    /** A message of several frames that is longer than any that is read. */
    public void onTooLarge(int mostBytes) {
        String message = "an event may have " + mostBytes + " bytes";
        refuse(new ErrorEvent(ErrorCode.EVENT_TOO_LARGE, message, null, null));
    }

    private void onEvent(ClientEvent event) {
        if (!gone) {
            requests.onEvent(event);
        }
    }

    private void onUnreadable(Throwable failure) {
        if (failure instanceof BadEventException refusal) {
            refuse(ErrorEvent.of(refusal));
        } else {
            LOG.error("An event could not be read: {}", failure.getClass().getName()); // the message may quote it
            refuse(new ErrorEvent(ErrorCode.INTERNAL, "the event could not be read", null, null));
        }
    }

    private void refuse(ErrorEvent error) {
        if (!gone) {
            metrics.onError(error.code());
            outbox.write(error.frame(errors++));
        }
    }

    private void onDrained() {
        responses.flush();
    }

    /** What it can go on with elsewhere is small, and goes behind all that waits. */
    private void onTooSlow() {
        if (!gone) {
            metrics.onTooSlow();
            metrics.onError(ErrorCode.SLOW_CONSUMER);
            LOG.info("A client is too slow: its socket is closed with {} responses running", responses.count());
            outbox.close(ErrorEvent.slowConsumer(errors++, responses.cursors()));
            close(CloseReason.TOO_SLOW);
        }
    }

    /** Closes the socket; the rest follows as when the client had closed it. */
    public void close(CloseReason reason) {
        socket.close(reason);
        onClosed();
    }

    /** The socket is closed. Idempotent. */
    public void onClosed() {
        if (!gone) {
            gone = true;
            outbox.close();
            metrics.onClosed();
            responses.onClientGone();
        }
    }
}
