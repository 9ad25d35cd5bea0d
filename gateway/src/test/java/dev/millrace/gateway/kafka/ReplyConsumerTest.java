package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.gateway.ReplyEvents;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.AttendanceSign;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.DeletedResponse;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.WorkerStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplyConsumerTest {
    private static final TopicPartition PARTITION = new TopicPartition("replies", 3);
    private static final TopicPartition KEPT = new TopicPartition("conversations", 0);
    private static final TopicPartition ATTENDANCE = new TopicPartition("attendance", 0);
    private static final TopicPartition WORKERS = new TopicPartition("workers", 0);
    private static final TopicPartition ELSEWHERE = new TopicPartition("replies", 4);
    private static final UUID ID = UUID.fromString("0b9e7c1a-57a4-4d0e-9d53-0d2f6a1f3c11");
    private static final ReplyEvents WORKER = new ReplyEvents(ID, new Writer(1000, 1));
    private static final ReplyEvents OTHER = new ReplyEvents(UUID.randomUUID(), new Writer(1000, 1));

    private final MockConsumer<byte[], byte[]> kafka = new MockConsumer<>("none");
    private final Heard heard = new Heard();
    private final Conversations conversations = new Conversations(() -> Instant.EPOCH);
    private final LivingWorkers workers = new LivingWorkers(InstantSource.system());
    private final ReplyConsumer consumer = new ReplyConsumer(
            "poll-test", kafka, new ReplyPartitions(List.of(PARTITION)), new Topics(""), workers, conversations);

    @BeforeEach
    void startAtTheEnd() {
        kafka.updateEndOffsets(Map.of(PARTITION, 50L, ATTENDANCE, 0L, WORKERS, 5_000L, ELSEWHERE, 80L, KEPT, 3L));
        kafka.updateBeginningOffsets(Map.of(KEPT, 1L));
        consumer.seekToEnds();
    }

    @Test
    void readsWhatIsKeptOfConversationsFromTheBeginning() {
        CompletableFuture<Void> read = conversations.readTo(3);
        kafka.addRecord(new ConsumerRecord<>("conversations", 0, 1, key(ID), deleted()));
        kafka.addRecord(new ConsumerRecord<>("conversations", 0, 2, key(OTHER.promptId()), deleted()));

        consumer.turn();

        assertThat(conversations.isDeleted(ID)).isTrue();
        assertThat(conversations.isDeleted(OTHER.promptId())).isTrue();
        assertThat(read).isCompleted();
        assertThat(conversations.readTo(4)).isNotCompleted();
    }

    private static byte[] deleted() {
        return EventCodec.CONVERSATION_ENTRY.encode(new ConversationEntry(new DeletedResponse()));
    }

    @Test
    void startsAtTheEnd() {
        assertThat(kafka.position(PARTITION)).isEqualTo(50);
        assertThat(consumer.ready()).isCompleted();
        assertThat(consumer.subscribe(ID, heard)).isEqualTo(Cursor.start("replies", 3, ID, 50));
    }

    @Test
    void readsBackTheLastHeartbeats() {
        WorkerStatus status = LivingWorkersTest.status("a", "demo");
        long now = InstantSource.system().millis();
        kafka.addRecord(LivingWorkersTest.record(4_000, now, "a", EventCodec.WORKER_STATUS.encode(status)));

        consumer.turn();

        assertThat(workers.statuses()).containsExactly(status);
    }

    @Test
    void givesAPositionThatItHasRead() {
        add(50, OTHER.claimed());
        add(51, OTHER.tokens(0, 1, "a"));
        consumer.turn();

        assertThat(consumer.subscribe(ID, heard).offset()).isEqualTo(52);
    }

    @Test
    void handsOverWhatIsSubscribedToInOneBatch() {
        consumer.subscribe(ID, heard);
        add(50, WORKER.claimed());
        add(51, OTHER.claimed());
        add(52, WORKER.tokens(0, 1, "a"));

        consumer.turn();

        assertThat(heard.batches).hasSize(1);
        assertThat(heard.batches.get(0)).extracting(Reply::offset).containsExactly(50L, 52L);
    }

    @Test
    void handsOverNothingAnyMoreAfterAnUnsubscribe() {
        consumer.subscribe(ID, heard);
        consumer.unsubscribe(ID, heard);
        add(50, WORKER.claimed());

        consumer.turn();

        assertThat(heard.batches).isEmpty();
    }

    @Test
    void passesOverWhatIsNoReply() {
        consumer.subscribe(ID, heard);
        add(50, key(ID), new byte[] {1, 2, 3});
        add(51, "no id".getBytes(StandardCharsets.UTF_8), new byte[0]);
        add(52, null, new byte[0]);
        add(53, key(ID), null);
        add(54, WORKER.finished(FinishReason.STOP, ""));

        consumer.turn();

        assertThat(heard.batches.get(0)).extracting(Reply::offset).containsExactly(54L);
        assertThat(consumer.subscribe(ID, heard).offset()).isEqualTo(55);
    }

    @Test
    void saysThatHistoryIsLostAndGoesOn() {
        consumer.subscribe(ID, heard);
        kafka.updateBeginningOffsets(Map.of(PARTITION, 70L));
        kafka.setPollException(new OffsetOutOfRangeException(Map.of(PARTITION, 50L)));

        consumer.turn();
        add(70, WORKER.claimed());
        consumer.turn();

        assertThat(heard.lost).containsExactly(ID);
        assertThat(heard.batches).hasSize(1);
    }

    @Test
    void goesOnAfterAnErrorThatPasses() {
        consumer.subscribe(ID, heard);
        kafka.setPollException(new TimeoutException("away"));

        consumer.turn();
        add(50, WORKER.claimed());
        consumer.turn();

        assertThat(heard.batches).hasSize(1);
    }

    @Test
    void givesUpOnAnErrorThatStays() {
        kafka.setPollException(new AuthorizationException("no"));

        CompletableFuture<Void> ended = consumer.start();

        assertThatThrownBy(ended::join).hasCauseInstanceOf(KafkaException.class);
        assertThat(kafka.closed()).isTrue();
    }

    @Test
    void endsWhenClosed() {
        CompletableFuture<Void> ended = consumer.start();

        consumer.close();
        ended.join();

        assertThat(kafka.closed()).isTrue();
    }

    @Test
    void handsOverToAllWhoWaitForAPrompt() {
        Heard late = new Heard();
        consumer.subscribe(ID, heard);
        add(50, WORKER.claimed());
        consumer.turn();

        assertThat(consumer.follow(ID, PARTITION, late)).isEqualTo(51);
        assertThat(consumer.follow(ID, PARTITION, late)).isEqualTo(51);
        add(51, WORKER.tokens(0, 1, "a"));
        consumer.turn();
        consumer.unsubscribe(ID, heard);
        add(52, WORKER.tokens(1, 1, "b"));
        consumer.turn();

        assertThat(heard.offsets()).containsExactly(50L, 51L);
        assertThat(late.offsets()).containsExactly(51L, 52L);
    }

    @Test
    void readsAPartitionOfAnotherGatewayAsLongAsSomebodyWaitsThere() {
        long unknown = consumer.follow(ID, ELSEWHERE, heard);
        consumer.turn();
        long position = consumer.follow(ID, ELSEWHERE, heard);
        kafka.addRecord(
                new ConsumerRecord<>("replies", 4, 80, key(ID), EventCodec.REPLY_EVENT.encode(WORKER.claimed())));
        consumer.turn();
        consumer.unsubscribe(ID, heard);
        consumer.turn();

        assertThat(unknown).isEqualTo(-1);
        assertThat(position).isEqualTo(80);
        assertThat(heard.offsets()).containsExactly(80L);
        assertThat(kafka.assignment()).containsExactlyInAnyOrder(PARTITION, ATTENDANCE, WORKERS, KEPT);
        assertThat(consumer.position(ELSEWHERE)).isEqualTo(-1);
    }

    @Test
    void tellsWhoElseWaits() {
        Attendance said = new Attendance(ID, 7L, AttendanceSign.JOINED);
        consumer.subscribe(ID, heard);
        kafka.addRecord(new ConsumerRecord<>("attendance", 0, 0, key(ID), EventCodec.ATTENDANCE.encode(said)));

        consumer.turn();

        assertThat(heard.attendance).containsExactly(said);
    }

    private void add(long offset, ReplyEvent event) {
        add(offset, key(event.getPromptId()), EventCodec.REPLY_EVENT.encode(event));
    }

    private void add(long offset, byte @Nullable [] key, byte @Nullable [] value) {
        kafka.addRecord(new ConsumerRecord<>(PARTITION.topic(), PARTITION.partition(), offset, key, value));
    }

    private static byte[] key(UUID id) {
        return id.toString().getBytes(StandardCharsets.UTF_8);
    }
}
