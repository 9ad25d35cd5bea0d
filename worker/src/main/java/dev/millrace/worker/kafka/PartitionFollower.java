package dev.millrace.worker.kafka;

/** Reads along with the sessions, partition by partition. Any thread; never blocks. */
interface PartitionFollower {
    /** Reads this partition from the first record appended since then, in milliseconds since 1970. */
    void follow(int partition, long sinceMs);

    /** Reads this partition no longer. */
    void leave(int partition);
}
