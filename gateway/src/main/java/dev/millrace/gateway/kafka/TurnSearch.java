package dev.millrace.gateway.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Prompt;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for one turn in the topic {@code turns}. Its record bears the time of its response, so the search begins at the
 * first record that is not older, mostly the turn itself, and ends at one that is clearly younger: it costs the same
 * however long ago the turn was. Owned by the catch-up thread.
 */
final class TurnSearch implements LogSearch {
    private static final Logger LOG = LoggerFactory.getLogger(TurnSearch.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final UUID promptId;
    private final Instant createdAt;
    private final CompletableFuture<Optional<Prompt>> found = new CompletableFuture<>();
    private final long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    private @Nullable TopicPartition partition;
    private long next;
    private long end;

    TurnSearch(UUID promptId, Instant createdAt) {
        this.promptId = promptId;
        this.createdAt = createdAt;
    }

    /** Completes on the catch-up thread, which must not be held up. */
    CompletableFuture<Optional<Prompt>> found() {
        return found;
    }

    @Override
    public boolean step(Consumer<byte[], byte[]> consumer, Topics topics) {
        try {
            read(consumer, partition == null ? seek(consumer, topics.turns()) : partition);
            if (System.nanoTime() - deadlineNanos > 0) {
                found.completeExceptionally(new TimeoutException("A turn was not found in " + PATIENCE));
            }
        } catch (OffsetOutOfRangeException e) {
            partition = null; // the log has lost its beginning meanwhile
        } catch (KafkaException e) {
            found.completeExceptionally(e);
        }
        return found.isDone();
    }

    private TopicPartition seek(Consumer<byte[], byte[]> consumer, String topic) {
        int partitions = consumer.partitionsFor(topic).size();
        TopicPartition place = new TopicPartition(topic, Topics.replyPartition(promptId, partitions));
        OffsetAndTimestamp from = consumer.offsetsForTimes(Map.of(place, createdAt.toEpochMilli()))
                .get(place);
        end = consumer.endOffsets(List.of(place)).getOrDefault(place, 0L);
        next = from == null ? end : from.offset();
        partition = place;
        return place;
    }

    private void read(Consumer<byte[], byte[]> consumer, TopicPartition place) {
        if (next < end) {
            consumer.assign(List.of(place));
            consumer.seek(place, next);
            consumer.poll(CatchUp.POLL).forEach(this::onRecord);
            next = consumer.position(place);
        }
        if (next >= end) {
            found.complete(Optional.empty());
        }
    }

    private void onRecord(ConsumerRecord<byte[], byte[]> record) {
        if (promptId.toString().equals(Reply.key(record))) {
            found.complete(decode(record));
        } else if (record.timestamp() > createdAt.plus(CatchUp.CLOCKS).toEpochMilli()) {
            found.complete(Optional.empty());
        }
    }

    private static Optional<Prompt> decode(ConsumerRecord<byte[], byte[]> record) {
        try {
            return record.value() == null ? Optional.empty() : Optional.of(EventCodec.PROMPT.decode(record.value()));
        } catch (MalformedEventException e) {
            LOG.warn("{} offset {} is passed over: {}", record.topic(), record.offset(), e.getMessage());
            return Optional.empty();
        }
    }
}
