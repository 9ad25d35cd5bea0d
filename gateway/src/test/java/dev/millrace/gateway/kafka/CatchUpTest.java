package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.ReplyEvents;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CatchUpTest {
    private static final TopicPartition PARTITION = new TopicPartition("replies", 3);
    private static final TopicPartition ELSEWHERE = new TopicPartition("replies", 4);
    private static final TopicPartition COMPLETIONS = new TopicPartition("completions", 0);
    private static final TopicPartition ATTENDANCE = new TopicPartition("attendance", 0);
    private static final TopicPartition KEPT = new TopicPartition("conversations", 0);
    private static final TopicPartition WORKERS = new TopicPartition("workers", 0);
    private static final ReplyEvents ONE = new ReplyEvents(UUID.randomUUID(), new Writer(1000, 1));
    private static final ReplyEvents TWO = new ReplyEvents(UUID.randomUUID(), new Writer(1000, 1));

    private final Conversations conversations = new Conversations(InstantSource.system());
    private final MockConsumer<byte[], byte[]> liveKafka = new MockConsumer<>("none");
    private final ReplyConsumer live = new ReplyConsumer(
            "live",
            liveKafka,
            new ReplyPartitions(List.of(PARTITION)),
            new Topics(""),
            new LivingWorkers(InstantSource.system()),
            conversations);
    private final ReplayedLog log = new ReplayedLog();
    private final CatchUp catchUp = new CatchUp("catch-up", log, live, new Topics(""), conversations);
    private final Window window = catchUp.window(Long.MAX_VALUE);
    private final Heard one = new Heard();
    private final Heard two = new Heard();

    @BeforeEach
    void tenRecordsOfTwoPromptsAreThere() {
        liveKafka.updateEndOffsets(Map.of(PARTITION, 10L, ATTENDANCE, 0L, WORKERS, 5_000L, ELSEWHERE, 10L, KEPT, 0L));
        liveKafka.updateBeginningOffsets(Map.of(KEPT, 0L));
        live.seekToEnds();
        for (int i = 0; i < 10; i++) {
            log.append(record(PARTITION, i, i % 2 == 0 ? ONE.tokens(i, 1, "a") : TWO.tokens(i, 1, "b")));
        }
    }

    @Test
    void handsOverToTheLiveConsumerWithoutAGap() {
        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window);
        turns(2);
        live(10, ONE.tokens(10, 1, "c"));
        live.turn();
        turns(2);
        live(11, ONE.tokens(11, 1, "d"));
        live.turn();
        turns(2);
        live(12, ONE.tokens(12, 1, "e"));
        live.turn();

        assertThat(one.earlier).extracting(Reply::offset).startsWith(0L, 2L, 4L, 6L, 8L);
        assertThat(one.caughtUp).containsExactly(ONE.promptId());
        assertThat(one.offsets()).containsExactly(10L, 11L, 12L);
    }

    @Test
    void readsFurtherForWhoPassedOverLiveEvents() {
        Reading reading = catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window);
        turns(1);
        live(10, ONE.tokens(10, 1, "c"));
        live(11, ONE.tokens(11, 1, "d"));
        live.turn();
        turns(4);

        catchUp.readOn(reading);
        turns(4);
        live(12, ONE.tokens(12, 1, "e"));
        live.turn();

        assertThat(one.earlier).extracting(Reply::offset).containsExactly(0L, 2L, 4L, 6L, 8L, 10L, 11L);
        assertThat(one.caughtUp).hasSize(2);
        assertThat(one.offsets()).containsExactly(10L, 11L, 12L);
    }

    @Test
    void readsNoFurtherAheadThanItsListenersClientHasRoomFor() {
        int bytes = EventCodec.REPLY_EVENT.encode(ONE.tokens(0, 1, "a")).length;
        Window narrow = catchUp.window(2L * bytes);
        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, narrow);
        catchUp.read(start(TWO, PARTITION, 0), Instant.EPOCH, two, window);

        turns(8);
        assertThat(one.earlier).extracting(Reply::offset).containsExactly(0L, 2L);
        assertThat(two.earlier).extracting(Reply::offset).containsExactly(1L, 3L, 5L, 7L, 9L);
        narrow.onTaken(one.earlierBytes);
        turns(8);
        assertThat(one.earlier).extracting(Reply::offset).containsExactly(0L, 2L, 4L, 6L);
        assertThat(one.caughtUp).isEmpty();
        narrow.onTaken(2L * bytes);
        turns(8);

        assertThat(one.earlier).extracting(Reply::offset).containsExactly(0L, 2L, 4L, 6L, 8L);
        assertThat(one.caughtUp).hasSize(1);
    }

    @Test
    void readsAllPartitionsWithOneFetch() {
        LongStream.range(0, 3).forEach(i -> log.append(record(ELSEWHERE, i, TWO.queued(1))));
        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window);
        catchUp.read(start(TWO, ELSEWHERE, 0), Instant.EPOCH, two, window);

        turns(1);

        assertThat(one.earlier).hasSize(2);
        assertThat(two.earlier).hasSize(3);
    }

    @Test
    void asksForNoOffsetsWhereTheCursorSaysWhereToBegin() {
        log.setOffsetsException(new TimeoutException("nobody is to wait for this"));
        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window);

        turns(6);

        assertThat(one.caughtUp).hasSize(1);
    }

    @Test
    void keepsItsAssignmentWhoeverReads() {
        log.updatePartitions(
                "replies",
                List.of(
                        new PartitionInfo("replies", 3, null, null, null),
                        new PartitionInfo("replies", 4, null, null, null)));
        log.updateEndOffsets(Map.of(PARTITION, 10L, ELSEWHERE, 0L));
        catchUp.keepReady();
        assertThat(log.assignment()).containsExactlyInAnyOrder(PARTITION, ELSEWHERE);

        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window);
        turns(1);

        assertThat(log.assignment()).containsExactlyInAnyOrder(PARTITION, ELSEWHERE);
        assertThat(log.paused()).containsExactly(ELSEWHERE);
        assertThat(one.earlier).isNotEmpty();
    }

    @Test
    void servesAllOfAPartitionWithOneReading() {
        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window);
        catchUp.read(start(TWO, PARTITION, 5), Instant.EPOCH, two, window);

        turns(8);

        assertThat(one.earlier).extracting(Reply::offset).containsExactly(0L, 2L, 4L, 6L, 8L);
        assertThat(two.earlier).extracting(Reply::offset).containsExactly(5L, 7L, 9L);
        assertThat(one.caughtUp).hasSize(1);
        assertThat(two.caughtUp).hasSize(1);
    }

    @Test
    void givesEachItsTurnSoThatAnOldOneHoldsUpNobody() {
        LongStream.range(10, 100).forEach(i -> log.append(record(PARTITION, i, TWO.queued(1))));
        liveKafka.addRecord(record(PARTITION, 99, TWO.queued(1)));
        live.turn();
        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window);
        catchUp.read(start(TWO, PARTITION, 97), Instant.EPOCH, two, window);

        turns(2);

        assertThat(two.caughtUp).hasSize(1);
        assertThat(one.caughtUp).isEmpty();
    }

    @Test
    void readsWhereOnlyOtherGatewaysDo() {
        LongStream.range(0, 10).forEach(i -> log.append(record(ELSEWHERE, i, ONE.queued(1))));
        catchUp.read(start(ONE, ELSEWHERE, 8), Instant.EPOCH, one, window);

        turns(2);
        assertThat(one.caughtUp).isEmpty();
        live.turn();
        turns(2);

        assertThat(one.earlier).extracting(Reply::offset).containsExactly(8L, 9L);
        assertThat(one.caughtUp).hasSize(1);
    }

    @Test
    void saysThatTheLogNoLongerReachesBack() {
        log.deleteBefore(PARTITION, 4);
        catchUp.read(start(ONE, PARTITION, 3), Instant.EPOCH, one, window);
        catchUp.read(start(TWO, PARTITION, 4), Instant.EPOCH, two, window);

        turns(4);

        assertThat(one.expired).containsExactly(ONE.promptId());
        assertThat(one.earlier).isEmpty();
        assertThat(two.expired).isEmpty();
        assertThat(two.earlier).extracting(Reply::offset).containsExactly(5L, 7L, 9L);
    }

    @Test
    void givesTheWholeAnswerWhereTheLogIsGone() {
        Completion answer = new Completion(
                ONE.promptId(),
                "c",
                "model",
                "Once.",
                FinishReason.STOP,
                new Usage(1, 1, 0, 0),
                new Timings(1.0, 1.0, 1.0),
                null);
        byte[] key = ONE.promptId().toString().getBytes(StandardCharsets.UTF_8);
        log.append(new ConsumerRecord<>("completions", 0, 8, key, EventCodec.COMPLETION.encode(answer)));
        log.append(new ConsumerRecord<>("completions", 0, 9, key, EventCodec.COMPLETION.encode(answer)));
        log.updateEndOffsets(Map.of(COMPLETIONS, 10L));
        log.deleteBefore(PARTITION, 4);
        catchUp.read(start(ONE, PARTITION, 3), Instant.EPOCH, one, window);

        turns(4);

        assertThat(one.whole).containsExactly(answer);
        assertThat(one.expired).isEmpty();
        assertThat(one.caughtUp).isEmpty();
    }

    @Test
    void readsNothingForOneThatWasStopped() {
        catchUp.read(start(ONE, PARTITION, 0), Instant.EPOCH, one, window).stop();

        turns(2);

        assertThat(one.earlier).isEmpty();
        assertThat(one.caughtUp).isEmpty();
    }

    private void turns(int count) {
        for (int i = 0; i < count; i++) {
            catchUp.turn();
        }
    }

    /** Appended, and fetched by the live consumer in its next turn. */
    private void live(long offset, ReplyEvent event) {
        log.append(record(PARTITION, offset, event));
        liveKafka.addRecord(record(PARTITION, offset, event));
    }

    private static Cursor start(ReplyEvents prompt, TopicPartition partition, long offset) {
        return Cursor.start(partition.topic(), partition.partition(), prompt.promptId(), offset);
    }

    private static ConsumerRecord<byte[], byte[]> record(TopicPartition partition, long offset, ReplyEvent event) {
        byte[] key = event.getPromptId().toString().getBytes(StandardCharsets.UTF_8);
        return new ConsumerRecord<>(
                partition.topic(), partition.partition(), offset, key, EventCodec.REPLY_EVENT.encode(event));
    }
}
