package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.dialect.Utf8;
import dev.millrace.gateway.kafka.Reply;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Tokens;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer on its way to its client, in one dialect. {@link #accept} takes in what the log says, {@link #flush} writes
 * what the client does not know yet; between the two text grows together, however long the client takes. Called on the
 * event loop of its session.
 */
interface AnswerRun {
    /** What a token with its likeliest others takes in JSON, roughly. */
    int BYTES_OF_LOGPROBS = 512;

    void accept(Reply reply);

    /** The gateway can do no more for it. */
    void fail(ErrorCode code, String message);

    /** Whether there is nothing more to come from the log. */
    boolean ended();

    /** Whether the client has been told of the end. */
    boolean told();

    /** What is kept back of the text, in bytes of JSON. */
    long keptBackBytes();

    /** Writes what the client does not know yet, in the order in which it happened, as far as the outbox takes it. */
    void flush(SocketOutbox outbox);

    /** What this event may add to what is kept back, in bytes of JSON. */
    static long bytes(Reply reply) {
        Object body = reply.event().getBody();
        if (body instanceof Tokens tokens) {
            return Utf8.jsonLength(tokens.getText()) + logprobsBytes(tokens.getLogprobs());
        }
        return body instanceof Finished finished ? Utf8.jsonLength(finished.getText()) : 0;
    }

    static long logprobsBytes(@Nullable List<TokenLogprobs> logprobs) {
        return logprobs == null ? 0 : BYTES_OF_LOGPROBS * (long) logprobs.size();
    }
}
