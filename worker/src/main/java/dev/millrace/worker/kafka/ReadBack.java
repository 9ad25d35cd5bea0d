package dev.millrace.worker.kafka;

import java.util.UUID;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A request to read a reply partition from where a prompt's answer may begin up to one's own claim.
 *
 * @param from the position before which nothing about the prompt stands; null: found by {@code sinceMs}
 * @param sinceMs the time before which nothing about the prompt was appended, in milliseconds since 1970
 * @param claimOffset of the own claim, the last event that is read
 */
record ReadBack(
        TopicPartition place, UUID promptId, @Nullable Long from, long sinceMs, long claimOffset) {}
