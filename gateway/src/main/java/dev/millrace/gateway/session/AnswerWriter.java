package dev.millrace.gateway.session;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Writes what the responses of one session have for its client, as the outbox takes it. What it does not take stays with
 * the responses, whose deltas become one, until the socket is drained. Owned by the session's event loop.
 */
final class AnswerWriter {
    private final SocketOutbox outbox;
    private final SessionLimits limits;
    private final Consumer<RunningResponse> onTold;
    /** Have something to write. */
    private final Set<RunningResponse> unflushed = new LinkedHashSet<>();

    /** @param onTold its client has been told of its end */
    AnswerWriter(SocketOutbox outbox, SessionLimits limits, Consumer<RunningResponse> onTold) {
        this.outbox = outbox;
        this.limits = limits;
        this.onTold = onTold;
    }

    /** Before more text waits than may, what waits is written; a client that does not take it is too slow. */
    void makeRoom(long bytes) {
        if (bytes == 0) {
            return;
        }
        if (keptBackBytes() + bytes > limits.mostQueuedBytes()) {
            flush();
        }
        outbox.makeRoom(keptBackBytes(), bytes);
    }

    private long keptBackBytes() {
        long bytes = 0;
        for (RunningResponse response : unflushed) {
            bytes += response.run().keptBackBytes();
        }
        return bytes;
    }

    /** Whether nothing waits, and the socket would take more. */
    boolean idle() {
        return outbox.open() && unflushed.isEmpty();
    }

    /** It has something to write, with the next flush. */
    void add(RunningResponse response) {
        unflushed.add(response);
    }

    void remove(RunningResponse response) {
        unflushed.remove(response);
    }

    void clear() {
        unflushed.clear();
    }

    /** Writes what the socket takes. The rest waits until it is drained. */
    void flush() {
        while (outbox.open() && !unflushed.isEmpty()) {
            flush(unflushed.iterator().next());
        }
    }

    private void flush(RunningResponse response) {
        AnswerRun run = response.run();
        run.flush(outbox);
        if (run.told()) {
            unflushed.remove(response);
            onTold.accept(response);
        } else if (!run.ended()) {
            unflushed.remove(response);
        }
    }
}
