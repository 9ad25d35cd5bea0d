package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.kafka.Reading;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A response that its client has not been told the end of, where its log begins, and who else waits for it.
 *
 * @param reading of what its log has already; null where it was begun here
 */
record RunningResponse(
        ResumePoint point,
        AnswerRun run,
        Attendees attendees,
        @Nullable Reading reading) {
    UUID id() {
        return point.promptId();
    }

    String conversation() {
        return point.conversation();
    }

    boolean background() {
        return point.background();
    }
}
