package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.Utf8;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What is on its way to one socket. Vert.x would take some megabytes before it called its queue full; here the bound is
 * our own, in bytes, and it counts all that waits: what the operating system has not taken, frames behind that, and text
 * that those who have it keep back, see {@link #open}. Nothing is taken in that would pass the bound, but for a single
 * event that is larger itself, when nothing else waits.
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
    private long frames;
    private long pendingBytes;
    /** Given to the socket, and not taken by the operating system. */
    private long queuedBytes;

    private boolean full;
    private boolean closed;

    /**
     * @param onDrained the socket takes text again
     * @param onTooSlow more would wait than may: to be closed
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

    /** Whether an event of so many bytes may be written now; if not, the outbox tells when it is drained. */
    boolean takes(long bytes) {
        full |= !hasRoom(0, bytes);
        return open();
    }

    /**
     * Asks for room, before what is new is kept back with the rest. Where there is none the client is too slow.
     *
     * @param keptBack bytes that are kept back already
     */
    void makeRoom(long keptBack, long bytes) {
        if (!closed && !hasRoom(keptBack, bytes)) {
            onTooSlow.run();
        }
    }

    private boolean hasRoom(long keptBack, long bytes) {
        long waiting = queuedBytes + pendingBytes + keptBack;
        return waiting == 0 || waiting + bytes <= limits.mostWaitingBytes();
    }

    /** How many it has been given so far. */
    long frames() {
        return frames;
    }

    /** Sends a frame, behind all before it; when full, later. */
    void write(String frame) {
        int bytes = Utf8.length(frame);
        frames++;
        if (!full) {
            send(frame, bytes);
            return;
        }
        makeRoom(0, bytes);
        if (!closed) {
            pending.add(frame);
            pendingBytes += bytes;
        }
    }

    /** Takes nothing more behind this, which goes whatever waits, and behind that. */
    void close(String lastFrame) {
        if (!closed) {
            sendAllPending();
            send(lastFrame, Utf8.length(lastFrame));
            close();
        }
    }

    /** Takes nothing more. */
    void close() {
        closed = true;
        pending.clear();
        pendingBytes = 0;
    }

    private void send(String frame, int bytes) {
        if (closed) {
            return;
        }
        queuedBytes += bytes;
        full = queuedBytes > limits.mostQueuedBytes();
        metrics.onFrame(bytes);
        socket.write(frame).onComplete(written -> onWritten(bytes));
    }

    private void onWritten(int bytes) {
        queuedBytes -= bytes;
        metrics.onFrameTaken(bytes);
        if (full && !closed && queuedBytes <= limits.mostQueuedBytes() / 2) {
            full = false;
            while (!full && !pending.isEmpty()) {
                sendPending();
            }
            if (!full) {
                onDrained.run();
            }
        }
    }

    private void sendAllPending() {
        while (!pending.isEmpty()) {
            sendPending();
        }
    }

    private void sendPending() {
        String frame = pending.remove();
        int bytes = Utf8.length(frame);
        pendingBytes -= bytes;
        send(frame, bytes);
    }
}
