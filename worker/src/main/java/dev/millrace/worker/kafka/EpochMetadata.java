package dev.millrace.worker.kafka;

import org.jspecify.annotations.Nullable;

/**
 * The epoch as it travels in the metadata of a committed offset. Kafka accepts a commit only from a member of the
 * group's current generation, and a session ends before its member enters one without the partition: so the epoch is
 * fenced.
 */
final class EpochMetadata {
    private static final String PREFIX = "epoch=";

    private EpochMetadata() {}

    static String format(long epoch) {
        return PREFIX + epoch;
    }

    /** The epoch, or 0 where the metadata is lost or a stranger's: epochs are times, so the clock is then above it. */
    static long parse(@Nullable String metadata) {
        if (metadata == null || !metadata.matches(PREFIX + "\\d{1,18}")) {
            return 0;
        }
        return Long.parseLong(metadata.substring(PREFIX.length()));
    }
}
