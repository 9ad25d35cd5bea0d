package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.ReplyEvents;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.Writer;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/**
 * Who subscribes at any moment of a turn hears all from the position that it was told. Each test lets that happen at
 * one of those moments, and a log that grows.
 */
class ReplyConsumerRaceTest {
    private static final TopicPartition PARTITION = new TopicPartition("replies", 3);
    private static final TopicPartition ELSEWHERE = new TopicPartition("replies", 4);
    private static final UUID ID = UUID.fromString("0b9e7c1a-57a4-4d0e-9d53-0d2f6a1f3c11");
    private static final long UNKNOWN = -1;

    private final Heard heard = new Heard();
    private Runnable onSeek = () -> {};
    private final MockConsumer<byte[], byte[]> kafka = new MockConsumer<>("none") {
        @Override
        public synchronized void seek(TopicPartition partition, long offset) {
            onSeek.run();
            super.seek(partition, offset);
            onSeek.run();
        }
    };
    private final ReplyConsumer consumer = new ReplyConsumer(
            "poll-test",
            kafka,
            new ReplyPartitions(List.of(PARTITION)),
            new Topics(""),
            new LivingWorkers(InstantSource.system()),
            new Conversations(InstantSource.system()));

    private long toldPosition = UNKNOWN;

    private void startAtTheEnd() {
        TopicPartition attendance = new TopicPartition("attendance", 0);
        TopicPartition workers = new TopicPartition("workers", 0);
        TopicPartition conversations = new TopicPartition("conversations", 0);
        kafka.updateEndOffsets(Map.of(PARTITION, 50L, ELSEWHERE, 80L, attendance, 0L, workers, 0L, conversations, 0L));
        kafka.updateBeginningOffsets(Map.of(conversations, 0L));
        consumer.seekToEnds();
    }

    @Test
    void whileRecordsAreFetched() {
        startAtTheEnd();
        kafka.schedulePollTask(() -> {
            kafka.addRecord(record(PARTITION, 50));
            follow(PARTITION);
            kafka.addRecord(record(PARTITION, 51));
        });

        consumer.turn();

        assertHeardAll(51);
    }

    @Test
    void whenTheFirstRecordsOfABatchHaveBeenPassedOver() {
        startAtTheEnd();
        kafka.addRecord(record(PARTITION, 50));
        kafka.addRecord(new ConsumerRecord<>("replies", 3, 51, key(), value()) {
            @Override
            public byte[] key() {
                follow(PARTITION);
                return super.key();
            }
        });
        consumer.turn();
        kafka.addRecord(record(PARTITION, 52));

        consumer.turn();

        assertHeardAll(52);
    }

    @Test
    void whileAPartitionIsBegunThatGrows() {
        startAtTheEnd();
        follow(ELSEWHERE);
        assertThat(toldPosition).isEqualTo(UNKNOWN);
        onSeek = () -> {
            kafka.updateEndOffsets(Map.of(ELSEWHERE, 82L));
            follow(ELSEWHERE);
        };
        kafka.schedulePollTask(() -> {
            follow(ELSEWHERE);
            kafka.addRecord(record(ELSEWHERE, 80));
            kafka.addRecord(record(ELSEWHERE, 81));
        });

        consumer.turn();

        assertThat(toldPosition).isEqualTo(80);
        assertHeardAll(81);
    }

    /** Notes the least that it was told: from there on it counts on hearing all. */
    private void follow(TopicPartition partition) {
        long position = consumer.follow(ID, partition, heard);
        toldPosition = toldPosition == UNKNOWN ? position : Math.min(position, toldPosition);
    }

    private void assertHeardAll(long last) {
        assertThat(toldPosition).isNotEqualTo(UNKNOWN);
        assertThat(heard.offsets())
                .containsAll(LongStream.rangeClosed(toldPosition, last).boxed().toList())
                .doesNotHaveDuplicates();
    }

    private static ConsumerRecord<byte[], byte[]> record(TopicPartition partition, long offset) {
        return new ConsumerRecord<>(partition.topic(), partition.partition(), offset, key(), value());
    }

    private static byte[] key() {
        return ID.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value() {
        return EventCodec.REPLY_EVENT.encode(new ReplyEvents(ID, new Writer(1000, 1)).claimed());
    }
}
