package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.Utf8;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What is on its way to one socket. Vert.x would take some megabytes before it called its queue full; here the cap is
 * our own. Frames that come while it is full wait, up to a bound; text does not come here then, see {@link #open}.
 *
 * <p>Owned by the socket's event loop.
 */
final class SocketOutbox {
    private final ClientSocket socket;
    private final SessionLimits limits;
    private final SessionMetrics metrics;
    private final Runnable onDrained;
    private final Runnable onTooSlow;
    private final Deque<String> pending = new ArrayDeque<>();
    private long queuedBytes;
    private boolean full;
    private boolean closed;

    /**
     * @param onDrained the socket takes text again
     * @param onTooSlow more waits than may: to be closed
     */
    SocketOutbox(
            ClientSocket socket, SessionLimits limits, SessionMetrics metrics, Runnable onDrained, Runnable onTooSlow) {
        this.socket = socket;
        this.limits = limits;
        this.metrics = metrics;
        this.onDrained = onDrained;
        this.onTooSlow = onTooSlow;
    }

    /** Whether text shall be written; if not, whoever has it keeps it until the outbox is drained. */
    boolean open() {
        return !full && !closed;
    }

    /** Sends a frame, behind all before it; when full, later. */
    void write(String frame) {
        if (closed) {
            return;
        }
        if (!full) {
            send(frame);
            return;
        }
        pending.add(frame);
        if (pending.size() > limits.mostPendingFrames()) {
            onTooSlow.run();
        }
    }

    /** So much text is kept by those who have it. */
    void onHeldBack(long characters) {
        if (!closed && characters > limits.mostPendingCharacters()) {
            onTooSlow.run();
        }
    }

    /** Takes nothing more. */
    void close() {
        closed = true;
        pending.clear();
    }

    private void send(String frame) {
        int bytes = Utf8.length(frame);
        queuedBytes += bytes;
        full = queuedBytes > limits.mostQueuedBytes();
        metrics.onFrame(bytes);
        socket.write(frame).onComplete(written -> onWritten(bytes));
    }

    private void onWritten(int bytes) {
        queuedBytes -= bytes;
        if (full && !closed && queuedBytes <= limits.mostQueuedBytes() / 2) {
            full = false;
            while (!full && !pending.isEmpty()) {
                send(pending.remove());
            }
            if (!full) {
                onDrained.run();
            }
        }
    }
}
