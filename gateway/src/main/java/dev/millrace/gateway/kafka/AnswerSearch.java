package dev.millrace.gateway.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Completion;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks in the topic {@code completions} for the whole answer of a response whose log no longer reaches back, from when
 * the response was created to where that topic ends now. Owned by the catch-up thread.
 */
final class AnswerSearch implements LogSearch {
    private static final Logger LOG = LoggerFactory.getLogger(AnswerSearch.class);

    private final Reading reading;
    private @Nullable TopicPartition partition;
    private long next;
    private long end;
    private boolean found;

    AnswerSearch(Reading reading) {
        this.reading = reading;
    }

    @Override
    public boolean step(Consumer<byte[], byte[]> consumer, Topics topics) {
        if (reading.stopped()) {
            return true;
        }
        try {
            read(consumer, partition == null ? seek(consumer, topics.completions()) : partition);
        } catch (OffsetOutOfRangeException e) {
            partition = null; // this log has lost its beginning meanwhile
        } catch (RetriableException e) {
            LOG.warn("A whole answer could not be looked for and will be again: {}", e.toString());
        }
        if (!found && partition != null && next >= end) {
            reading.listener.onExpired(reading.promptId);
            return true;
        }
        return found;
    }

    private TopicPartition seek(Consumer<byte[], byte[]> consumer, String topic) {
        int partitions = consumer.partitionsFor(topic).size();
        TopicPartition place = new TopicPartition(topic, Topics.replyPartition(reading.promptId, partitions));
        long since = reading.createdAt.minus(CatchUp.CLOCKS).toEpochMilli();
        OffsetAndTimestamp from = consumer.offsetsForTimes(Map.of(place, since)).get(place);
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
    }

    private void onRecord(ConsumerRecord<byte[], byte[]> record) {
        if (found || !reading.promptId.toString().equals(Reply.key(record))) {
            return;
        }
        try {
            Completion answer = EventCodec.COMPLETION.decode(record.value());
            found = true;
            reading.listener.onWholeAnswer(answer);
        } catch (MalformedEventException e) {
            LOG.warn("{} offset {} is passed over: {}", record.topic(), record.offset(), e.getMessage());
        }
    }
}
