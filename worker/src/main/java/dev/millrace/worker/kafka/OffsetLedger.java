package dev.millrace.worker.kafka;

import java.util.TreeMap;

/**
 * Which offsets of one partition are still in work: prompts finish out of order, and only the lowest unfinished offset
 * may be committed. Offsets that never come (compaction, aborted transactions) leave no trace. Owned by the poll
 * thread.
 */
final class OffsetLedger {
    /** Offsets, with the bytes of their records. */
    private final TreeMap<Long, Integer> unfinished = new TreeMap<>();

    private long bytesInFlight;
    private long next;

    /** @param start the first offset that may come */
    OffsetLedger(long start) {
        next = start;
    }

    void start(long offset, int bytes) {
        finish(offset);
        unfinished.put(offset, bytes);
        bytesInFlight += bytes;
        next = Math.max(next, offset + 1);
    }

    void finish(long offset) {
        Integer bytes = unfinished.remove(offset);
        bytesInFlight -= bytes == null ? 0 : bytes;
    }

    /** The offset to commit: all before it have finished. */
    long lowestUnfinished() {
        return unfinished.isEmpty() ? next : unfinished.firstKey();
    }

    int inFlight() {
        return unfinished.size();
    }

    long bytesInFlight() {
        return bytesInFlight;
    }
}
