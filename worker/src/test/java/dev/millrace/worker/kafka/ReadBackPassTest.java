package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.worker.kafka.ReadBackPass.Waiting;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReadBackPassTest {
    private static final TopicPartition ONE = new TopicPartition("replies", 1);
    private static final TopicPartition TWO = new TopicPartition("replies", 2);

    private final Log log = new Log();

    @Test
    void eachRequestIsToldWhatItsOwnPartitionSaysOfItsPrompt() {
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        log.append(ONE, claim(first), tokens(first, 0, 7), claim(second), claim(first));
        log.append(TWO, claim(second), tokens(second, 0, 8, 9), tokens(first, 0, 1), claim(second));
        Waiting one = waiting(ONE, first, 0L, 3);
        Waiting two = waiting(TWO, second, 0L, 3);

        run(one, two);

        assertThat(one.history().join().said().ids()).containsExactly(7);
        assertThat(two.history().join().said().ids()).containsExactly(8, 9);
    }

    @Test
    void nothingBehindTheOwnClaimIsRead() {
        UUID id = UUID.randomUUID();
        log.append(ONE, claim(id), tokens(id, 0, 7), claim(id), tokens(id, 1, 8));
        Waiting early = waiting(ONE, id, 0L, 0);
        Waiting late = waiting(ONE, id, 0L, 2);

        run(early, late);

        assertThat(early.history().join().said().ids()).isEmpty();
        assertThat(late.history().join().said().ids()).containsExactly(7);
    }

    @Test
    void whoeverSaysNoOffsetIsReadFromTheEarliestTimeThatIsAskedFor() {
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        log.append(ONE, claim(first), claim(second), tokens(second, 0, 8), tokens(first, 0, 7), claim(first));
        Waiting since3 = new Waiting(new ReadBack(ONE, first, null, 3, 4), new CompletableFuture<>());
        Waiting since1 = new Waiting(new ReadBack(ONE, second, null, 1, 4), new CompletableFuture<>());

        run(since3, since1);

        assertThat(log.times).containsExactly(Map.of(ONE, 1L));
        assertThat(since1.history().join().said().ids()).containsExactly(8);
        assertThat(since3.history().join().lost()).isFalse();
    }

    @Test
    void aPartitionThatIsReadDoesNotWaitForAnother() {
        UUID id = UUID.randomUUID();
        log.append(ONE, claim(id));
        Waiting one = waiting(ONE, id, 0L, 0);
        Waiting two = waiting(TWO, id, 0L, 0);
        ReadBackPass pass = ReadBackPass.begin(log, List.of(one, two));

        pass.accept(log.poll(Duration.ZERO));

        assertThat(one.history()).isCompleted();
        assertThat(two.history()).isNotDone();
        assertThat(pass.places()).containsExactly(TWO);
        assertThat(log.paused()).containsExactly(ONE);
    }

    @Test
    void aPartitionIsReadAgainByTheNextPass() {
        UUID id = UUID.randomUUID();
        log.append(ONE, claim(id), tokens(id, 0, 7), claim(id));
        run(waiting(ONE, id, 0L, 0));
        Waiting again = waiting(ONE, id, 0L, 2);

        run(again);

        assertThat(again.history().join().said().ids()).containsExactly(7);
    }

    @Test
    void kafkaIsNotAskedWhereALogBeginsThatReadersSayThemselves() {
        UUID id = UUID.randomUUID();
        log.append(ONE, claim(id));

        run(waiting(ONE, id, 0L, 0));

        assertThat(log.asked).isZero();
    }

    @Test
    void aLogThatBeginsLaterIsReadFromThereAndTheLossIsTold() {
        UUID id = UUID.randomUUID();
        log.append(ONE, claim(id), tokens(id, 0, 7), claim(id));
        log.updateBeginningOffsets(Map.of(ONE, 2L));
        Waiting cut = waiting(ONE, id, 1L, 2);
        assertThatThrownBy(() -> run(cut)).isInstanceOf(OffsetOutOfRangeException.class);

        run(ReadBackPass.beginWhereTheLogDoes(log, List.of(cut)));

        assertThat(cut.history().join().lost()).isTrue();
    }

    private void run(Waiting... requests) {
        run(ReadBackPass.begin(log, List.of(requests)));
    }

    private void run(ReadBackPass pass) {
        for (int polls = 0; !pass.done() && polls < 10; polls++) {
            pass.accept(log.poll(Duration.ZERO));
        }
        assertThat(pass.places()).isEmpty();
    }

    private static Waiting waiting(TopicPartition place, UUID id, @Nullable Long from, long claimOffset) {
        return new Waiting(new ReadBack(place, id, from, 0, claimOffset), new CompletableFuture<>());
    }

    private static ReplyEvent claim(UUID id) {
        return new ReplyEvent(id, 1L, 1L, new Claimed("worker", "model", 0));
    }

    private static ReplyEvent tokens(UUID id, int firstIndex, Integer... ids) {
        String text = "x".repeat(ids.length);
        return new ReplyEvent(id, 1L, 1L, new Tokens(firstIndex, List.of(ids), text, null));
    }

    /** A log whose records' times are their offsets, and whose every read brings all that is left. */
    private static final class Log extends MockConsumer<byte[], byte[]> {
        private final Map<TopicPartition, List<ReplyEvent>> events = new HashMap<>();
        private final List<Map<TopicPartition, Long>> times = new ArrayList<>();
        /** How often where a log begins. */
        private int asked;

        Log() {
            super("none");
            updateBeginningOffsets(Map.of(ONE, 0L, TWO, 0L));
        }

        void append(TopicPartition partition, ReplyEvent... appended) {
            events.put(partition, List.of(appended));
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            for (TopicPartition partition : assignment()) {
                List<ReplyEvent> all = events.getOrDefault(partition, List.of());
                for (long offset = position(partition);
                        offset < all.size() && !paused().contains(partition);
                        offset++) {
                    addRecord(record(partition, offset, all.get((int) offset)));
                }
            }
            return super.poll(timeout);
        }

        private static ConsumerRecord<byte[], byte[]> record(TopicPartition partition, long offset, ReplyEvent event) {
            byte[] key = event.getPromptId().toString().getBytes(StandardCharsets.UTF_8);
            return new ConsumerRecord<>(
                    partition.topic(), partition.partition(), offset, key, EventCodec.REPLY_EVENT.encode(event));
        }

        @Override
        public synchronized Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
            asked++;
            return super.beginningOffsets(partitions);
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> asked) {
            times.add(asked);
            return asked.entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey, time -> new OffsetAndTimestamp(time.getValue(), time.getValue())));
        }
    }
}
