package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.kafka.Reply;

/**
 * One answer on its way to its client, in one dialect. {@link #accept} takes in what the log says, {@link #flush} writes
 * what the client does not know yet; between the two text grows together, however long the client takes. Called on the
 * event loop of its session.
 */
interface AnswerRun {
    void accept(Reply reply);

    /** The gateway can do no more for it. */
    void fail(ErrorCode code, String message);

    /** Whether there is nothing more to come from the log. */
    boolean ended();

    /** Whether the client has been told of the end. */
    boolean told();

    /** Characters that wait to be written. */
    int pendingCharacters();

    /** Writes all that the client does not know yet, in the order in which it happened. */
    void flush(SocketOutbox outbox);
}
