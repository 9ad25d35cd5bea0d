package dev.millrace.schemas;

import dev.millrace.schemas.event.ReplyEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** One reply partition, and the group that assigns the prompt's own partition to one worker at a time. */
final class SimulatedPartition {
    final List<ReplyEvent> log = new ArrayList<>();

    /** Sends that were reported as failed, but are still under way. They land late, or never. */
    final List<ReplyEvent> limbo = new ArrayList<>();

    private int owner = -1;
    private long now = 1_000;
    private long committedEpoch;

    /** Whether the epoch in the commit metadata was never lost. Then an accepted commit proves the terminal. */
    private boolean metadataIntact = true;

    private boolean committed;

    long append(ReplyEvent event) {
        log.add(event);
        return log.size() - 1L;
    }

    void appendOfAnotherPrompt() {
        ReplyEvent other = Events.claimed(new Writer(Long.MAX_VALUE, 1), "model");
        other.setPromptId(new UUID(1, 2));
        append(other);
    }

    void landLate(int which) {
        if (!limbo.isEmpty()) {
            append(limbo.remove(which % limbo.size()));
        }
    }

    void tick() {
        now++;
    }

    void loseMetadata() {
        committedEpoch = 0;
        metadataIntact = false;
    }

    boolean isOwner(int worker) {
        return owner == worker;
    }

    /** The worker gets the partition; answers with the epoch of its session. */
    long assign(int worker) {
        owner = worker;
        committedEpoch = Math.max(committedEpoch + 1, now);
        return committedEpoch;
    }

    /** A commit that the group refuses to whoever does not own the partition. Zero: refused. */
    long raiseEpochAbove(int worker, long highestSeen) {
        if (!isOwner(worker)) {
            return 0;
        }
        committedEpoch = Math.max(committedEpoch, highestSeen) + 1;
        return committedEpoch;
    }

    void commit(int worker) {
        committed |= isOwner(worker) && metadataIntact;
    }

    /** No worker will ever look at the prompt again. */
    boolean committed() {
        return committed;
    }
}
