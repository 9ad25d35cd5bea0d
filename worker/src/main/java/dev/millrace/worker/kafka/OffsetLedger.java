package dev.millrace.worker.kafka;

import java.util.TreeSet;

/**
 * Which offsets of one partition are still in work: prompts finish out of order, and only the lowest unfinished offset
 * may be committed. Offsets that never come (compaction, aborted transactions) leave no trace. Owned by the poll
 * thread.
 */
final class OffsetLedger {
    private final TreeSet<Long> unfinished = new TreeSet<>();
    private long next;

    /** @param start the first offset that may come */
    OffsetLedger(long start) {
        next = start;
    }

    void start(long offset) {
        unfinished.add(offset);
        next = Math.max(next, offset + 1);
    }

    void finish(long offset) {
        unfinished.remove(offset);
    }

    /** The offset to commit: all before it have finished. */
    long lowestUnfinished() {
        return unfinished.isEmpty() ? next : unfinished.first();
    }

    int inFlight() {
        return unfinished.size();
    }
}
