package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.Ending;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.ResponseEvents;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Progress;
import org.jspecify.annotations.Nullable;

/**
 * One response, from its prompt to its terminal event. {@link #accept} takes in what the log says, {@link #flush}
 * writes what the client does not know yet; between the two deltas become one, however long the client takes.
 *
 * <p>A worker's death is not to be seen here: {@link ReplyStream} passes over what a zombie writes, and the next
 * worker's tokens continue the text. Owned by its session's event loop.
 */
final class ResponseRun {
    private final ReplyStream stream;
    private final ResponseEvents events;
    private final ResponseClock clock;
    private final SessionMetrics metrics;
    private final StringBuilder text = new StringBuilder();
    /** How much of the text has been written. */
    private int written;

    private boolean begun;
    private boolean accepted;
    private boolean terminalWritten;
    private @Nullable Progress progress;
    private @Nullable String restart;
    private @Nullable Ending ending;

    ResponseRun(ReplyStream stream, ResponseEvents events, ResponseClock clock, SessionMetrics metrics) {
        this.stream = stream;
        this.events = events;
        this.clock = clock;
        this.metrics = metrics;
    }

    void accept(Reply reply) {
        Delivery delivery = stream.accept(reply.offset(), reply.event());
        if (ending != null) {
            return;
        }
        if (delivery instanceof Delivery.Accepted) {
            onAccepted();
        } else if (delivery instanceof Delivery.Progressed progressed) {
            progress = progressed.progress();
        } else if (delivery instanceof Delivery.Text chunk) {
            onText(chunk);
        } else if (delivery instanceof Delivery.StartedOver startedOver) {
            text.setLength(0);
            written = 0;
            restart = startedOver.reason();
        } else if (delivery instanceof Delivery.Ended terminal) {
            text.append(terminal.finished().getText());
            end(Ending.of(terminal.finished()));
        }
    }

    /** The first claim places it in a queue; later ones are takeovers, which the client need not know of. */
    private void onAccepted() {
        if (!accepted) {
            accepted = true;
            progress = new Progress(null, 0, 0);
        }
    }

    private void onText(Delivery.Text chunk) {
        if (clock.onTokens(chunk.ids().size())) {
            metrics.onFirstToken(clock.secondsToFirstToken());
        }
        text.append(chunk.text());
    }

    /** The gateway can do no more for it. */
    void fail(ErrorCode code, String message) {
        if (ending == null) {
            end(Ending.failed(code, message));
        }
    }

    private void end(Ending last) {
        ending = last;
        metrics.onEnded(last.reason());
    }

    /** Whether there is nothing more to come from the log. */
    boolean ended() {
        return ending != null;
    }

    /** Whether the client has been told of the end. */
    boolean told() {
        return terminalWritten;
    }

    int pendingCharacters() {
        return text.length() - written;
    }

    /** Writes all that the client does not know yet, in the order in which it happened. */
    void flush(SocketOutbox outbox) {
        flushProgress(outbox);
        if (restart != null) {
            outbox.write(events.restarted(restart));
            restart = null;
        }
        if (written < text.length()) {
            begin(outbox);
            outbox.write(events.delta(text.substring(written)));
            written = text.length();
        }
        if (ending != null && !terminalWritten) {
            flushEnding(outbox, ending);
        }
    }

    /** For show; once there is text, it says enough. */
    private void flushProgress(SocketOutbox outbox) {
        Progress latest = progress;
        progress = null;
        if (latest == null || text.length() > 0 || ending != null) {
            return;
        }
        if (latest.getQueuePosition() != null || latest.getPromptTokens() == 0) {
            outbox.write(events.queued(latest.getQueuePosition()));
        } else {
            begin(outbox);
            outbox.write(events.progress(latest.getPrefilledTokens(), latest.getPromptTokens()));
        }
    }

    private void begin(SocketOutbox outbox) {
        if (!begun) {
            begun = true;
            outbox.write(events.inProgress());
        }
    }

    private void flushEnding(SocketOutbox outbox, Ending last) {
        terminalWritten = true;
        if (last.reason() != FinishReason.ERROR) {
            begin(outbox);
            outbox.write(events.textDone(text.toString()));
        }
        outbox.write(events.ended(last, text.toString(), clock.pace()));
    }
}
