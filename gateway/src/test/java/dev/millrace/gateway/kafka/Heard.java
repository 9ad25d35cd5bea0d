package dev.millrace.gateway.kafka;

import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Completion;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A listener that keeps what it hears. */
final class Heard implements ReplyListener {
    final List<List<Reply>> batches = new ArrayList<>();
    final List<Reply> earlier = new ArrayList<>();
    long earlierBytes;
    final List<UUID> caughtUp = new ArrayList<>();
    final List<UUID> lost = new ArrayList<>();
    final List<UUID> expired = new ArrayList<>();
    final List<Completion> whole = new ArrayList<>();
    final List<Attendance> attendance = new ArrayList<>();

    List<Long> offsets() {
        return batches.stream().flatMap(List::stream).map(Reply::offset).toList();
    }

    @Override
    public void onReplies(List<Reply> replies) {
        batches.add(replies);
    }

    @Override
    public void onHistoryLost(UUID promptId) {
        lost.add(promptId);
    }

    @Override
    public void onEarlier(List<Reply> replies, long bytes) {
        earlier.addAll(replies);
        earlierBytes += bytes;
    }

    @Override
    public void onCaughtUp(UUID promptId) {
        caughtUp.add(promptId);
    }

    @Override
    public void onWholeAnswer(Completion answer) {
        whole.add(answer);
    }

    @Override
    public void onExpired(UUID promptId) {
        expired.add(promptId);
    }

    @Override
    public void onAttendance(Attendance said) {
        attendance.add(said);
    }
}
