package dev.millrace.gateway.session;

import dev.millrace.gateway.kafka.Reply;
import java.util.ArrayList;
import java.util.List;

/**
 * Live events of a response that wait until those before them have been told. Few do, and beyond a bound none: the log
 * has them, and is read further instead. Owned by its session's event loop.
 */
final class HeldReplies {
    /** So little that all responses of one client may have it in what may wait for the client. */
    static final int MOST_BYTES = 16 << 10;

    /** What an event takes in memory beside its text, roughly. */
    private static final int BYTES_OF_AN_EVENT = 128;

    private final long mostBytes;
    private final List<Reply> replies = new ArrayList<>();
    private long bytes;
    private boolean complete = true;

    private HeldReplies(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** Of a response that the log is being read of. */
    static HeldReplies few() {
        return new HeldReplies(MOST_BYTES);
    }

    /** Of one whose log nobody reads. */
    static HeldReplies all() {
        return new HeldReplies(Long.MAX_VALUE);
    }

    void add(Reply reply) {
        bytes += BYTES_OF_AN_EVENT + AnswerRun.bytes(reply);
        if (bytes > mostBytes) {
            complete = false;
            replies.clear();
        } else {
            replies.add(reply);
        }
    }

    /** Whether none has been passed over. */
    boolean complete() {
        return complete;
    }

    List<Reply> replies() {
        return replies;
    }
}
