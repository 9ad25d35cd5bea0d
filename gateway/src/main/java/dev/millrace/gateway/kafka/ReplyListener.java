package dev.millrace.gateway.kafka;

import java.util.List;
import java.util.UUID;

/** Whoever waits for answers. Called on the poll thread, which must not be held up. */
public interface ReplyListener {
    /** The next events of this listener's prompts, each partition's in order. At most one call for each poll. */
    void onReplies(List<Reply> replies);

    /** The log no longer holds a part of this prompt's answer that was not read yet. */
    void onHistoryLost(UUID promptId);
}
