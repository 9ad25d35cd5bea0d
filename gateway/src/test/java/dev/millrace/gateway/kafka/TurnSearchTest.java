package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TurnSearchTest {
    private static final TopicPartition TURNS = new TopicPartition("turns", 0);
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private final ReplayedLog log = new ReplayedLog();
    private final Prompt turn = prompt();
    private long next;

    @Test
    void findsATurnByItsTimeWithoutReadingWhatComesAfter() {
        for (int i = 0; i < 100; i++) {
            append(prompt(), NOON.minusSeconds(100 - i));
        }
        append(turn, NOON);
        for (int i = 0; i < 100; i++) {
            append(prompt(), NOON.plusSeconds(i));
        }
        TurnSearch search = new TurnSearch(turn.getId(), NOON);

        assertThat(steps(search)).isEqualTo(1);
        assertThat(search.found()).isCompletedWithValue(Optional.of(turn));
    }

    @Test
    void readsOnWhereOthersOfItsTimeComeBefore() {
        for (int i = 0; i < 10; i++) {
            append(prompt(), NOON);
        }
        append(turn, NOON);
        TurnSearch search = new TurnSearch(turn.getId(), NOON);

        assertThat(steps(search)).isEqualTo(4); // three records each
        assertThat(search.found()).isCompletedWithValue(Optional.of(turn));
    }

    @Test
    void givesUpAtWhatIsClearlyYounger() {
        append(prompt(), NOON);
        append(prompt(), NOON.plus(Duration.ofMinutes(6)));
        for (int i = 0; i < 100; i++) {
            append(prompt(), NOON.plus(Duration.ofHours(1)));
        }
        TurnSearch search = new TurnSearch(turn.getId(), NOON);

        assertThat(steps(search)).isEqualTo(1);
        assertThat(search.found()).isCompletedWithValue(Optional.empty());
    }

    @Test
    void findsNothingWhereItIsDeleted() {
        append(turn.getId(), null, NOON.plusSeconds(1));
        append(turn, NOON.plusSeconds(2)); // not the first of its key
        TurnSearch search = new TurnSearch(turn.getId(), NOON);

        steps(search);

        assertThat(search.found()).isCompletedWithValue(Optional.empty());
    }

    @Test
    void findsNothingInAnEmptyTopic() {
        TurnSearch search = new TurnSearch(turn.getId(), NOON);

        assertThat(steps(search)).isEqualTo(1);
        assertThat(search.found()).isCompletedWithValue(Optional.empty());
    }

    @Test
    void saysThatKafkaDoesNotAnswer() {
        log.setOffsetsException(new TimeoutException("no answer"));
        TurnSearch search = new TurnSearch(turn.getId(), NOON);

        assertThat(search.step(log, new Topics(""))).isTrue();
        assertThat(search.found()).isCompletedExceptionally();
    }

    private int steps(TurnSearch search) {
        int steps = 1;
        while (!search.step(log, new Topics(""))) {
            steps++;
        }
        return steps;
    }

    private void append(Prompt prompt, Instant time) {
        append(prompt.getId(), EventCodec.PROMPT.encode(prompt), time);
    }

    private void append(UUID id, byte @Nullable [] value, Instant time) {
        log.append(new ConsumerRecord<>(
                "turns",
                0,
                next++,
                time.toEpochMilli(),
                TimestampType.CREATE_TIME,
                0,
                0,
                id.toString().getBytes(StandardCharsets.UTF_8),
                value,
                new RecordHeaders(),
                Optional.empty()));
        log.updateEndOffsets(Map.of(TURNS, next));
    }

    private static Prompt prompt() {
        return Prompt.newBuilder()
                .setId(UUID.randomUUID())
                .setConversation("c")
                .setMessages(List.of(new Message(Role.USER, "Hi")))
                .build();
    }
}
