package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.TopicRules;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.DeletedResponse;
import dev.millrace.schemas.event.KeptConversation;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConversationsTest {
    private static final UUID ID = UUID.randomUUID();
    private static final UUID OTHER = UUID.randomUUID();

    private long nowMs = 1_700_000_000_000L;
    private final Conversations conversations = new Conversations(() -> Instant.ofEpochMilli(nowMs));
    private long next;

    @Test
    void knowsTheLatestOfEach() {
        note(ID, kept("resp_1"));
        note(OTHER, kept("resp_2"));
        note(ID, kept("resp_3"));

        assertThat(conversations.find(ID)).isEqualTo(kept("resp_3"));
        assertThat(conversations.find(OTHER)).isEqualTo(kept("resp_2"));
        assertThat(conversations.isDeleted(ID)).isFalse();
    }

    @Test
    void knowsWhatIsDeleted() {
        note(ID, kept("resp_1"));
        note(ID, null);
        note(OTHER, new DeletedResponse());

        assertThat(conversations.find(ID)).isNull();
        assertThat(conversations.isDeleted(OTHER)).isTrue();
        assertThat(conversations.find(OTHER)).isNull();
    }

    @Test
    void forgetsWhatIsOld() {
        note(ID, kept("resp_1"));
        nowMs += TopicRules.CONVERSATIONS_RETENTION_MS;
        assertThat(conversations.find(ID)).isNotNull();

        nowMs++;

        assertThat(conversations.find(ID)).isNull();
    }

    @Test
    void passesOverWhatItCannotRead() {
        conversations.onRecord(record("no id".getBytes(StandardCharsets.UTF_8), new byte[] {1}));
        conversations.onRecord(record(key(ID), new byte[] {1}));
        note(OTHER, kept("resp_1"));

        assertThat(conversations.find(OTHER)).isNotNull();
    }

    @Test
    void tellsWhenItHasBeenReadSoFar() {
        var now = conversations.readTo(0);
        var later = conversations.readTo(2);

        conversations.onReadTo(1);
        assertThat(later).isNotCompleted();
        conversations.onReadTo(2);

        assertThat(now).isCompleted();
        assertThat(later).isCompleted();
    }

    private void note(UUID id, @Nullable Object body) {
        byte[] value = body == null ? null : EventCodec.CONVERSATION_ENTRY.encode(new ConversationEntry(body));
        conversations.onRecord(record(key(id), value));
    }

    private ConsumerRecord<byte[], byte[]> record(byte[] key, byte @Nullable [] value) {
        return new ConsumerRecord<>(
                "conversations",
                0,
                next++,
                nowMs,
                TimestampType.LOG_APPEND_TIME,
                0,
                0,
                key,
                value,
                new RecordHeaders(),
                Optional.empty());
    }

    private static byte[] key(UUID id) {
        return id.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static KeptConversation kept(String latest) {
        return new KeptConversation(Instant.ofEpochMilli(1), Map.of(), latest);
    }
}
