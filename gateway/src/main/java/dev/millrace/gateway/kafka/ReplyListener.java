package dev.millrace.gateway.kafka;

import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Completion;
import java.util.List;
import java.util.UUID;

/** Whoever waits for answers. Called on Kafka's threads, which must not be held up. */
public interface ReplyListener {
    /** The next events of this listener's prompts, each partition's in order. At most one call for each poll. */
    void onReplies(List<Reply> replies);

    /** The log no longer holds a part of this prompt's answer that was not read yet. */
    void onHistoryLost(UUID promptId);

    /**
     * Events of resumed responses that come before those of {@link #onReplies}, each response's in order.
     *
     * @param bytes what they take of the {@link Window}
     */
    void onEarlier(List<Reply> replies, long bytes);

    /** All that comes before the live events of this prompt has been said. */
    void onCaughtUp(UUID promptId);

    /** In place of the events of a resumed response whose log no longer reaches back. */
    void onWholeAnswer(Completion answer);

    /** The log no longer reaches back to where the response was to be read from, and there is no whole answer. */
    void onExpired(UUID promptId);

    /** What another socket, or this one, has said of who waits for a response. */
    void onAttendance(Attendance attendance);
}
