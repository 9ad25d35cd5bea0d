package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.worker.kafka.PromptDecoder.Decoded;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptDecoderTest {
    private static final String HI = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    private final PromptDecoder decoder = new PromptDecoder(null);

    @Test
    void anAbsentIdIsTheSameAtEachReading() throws Exception {
        UUID first = decoder.decode(json(7, null, HI)).prompt().getId();
        UUID again = decoder.decode(json(7, null, HI)).prompt().getId();
        UUID other = decoder.decode(json(8, null, HI)).prompt().getId();
        UUID sameOffsetOfANewTopic =
                decoder.decode(record(7, 1001, null, bytes(HI), null)).prompt().getId();

        assertThat(again).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
        assertThat(sameOffsetOfANewTopic).isNotEqualTo(first);
    }

    @Test
    void anAbsentConversationIsTheKeyWhereThatIsText() throws Exception {
        Prompt keyed = decoder.decode(json(7, bytes("c-42"), HI)).prompt();
        Prompt binary = decoder.decode(json(7, new byte[] {-1, 0}, HI)).prompt();
        Prompt tooLong = decoder.decode(json(7, bytes("c".repeat(257)), HI)).prompt();
        Prompt keyless = decoder.decode(json(7, null, HI)).prompt();

        assertThat(keyed.getConversation()).isEqualTo("c-42");
        for (Prompt prompt : new Prompt[] {binary, tooLong, keyless}) {
            assertThat(prompt.getConversation()).isEqualTo(prompt.getId().toString());
        }
    }

    @Test
    void aWrongFieldIsAnsweredWhereThePromptCanBe() throws Exception {
        UUID id = UUID.randomUUID();

        Decoded decoded = decoder.decode(json(
                7,
                null,
                "{\"messages\":[{\"role\":\"user\",\"text\":\"Hi\"}],\"id\":\"" + id
                        + "\",\"replyTo\":{\"topic\":\"t\"}}"));

        assertThat(decoded.prompt().getId()).isEqualTo(id);
        assertThat(decoded.prompt().getReplyTo().getTopic()).isEqualTo("t");
        assertThat(Objects.requireNonNull(decoded.refusal()).failure().getCode())
                .isEqualTo("invalid_prompt");
        assertThat(decoded.refusal().failure().getParam()).isEqualTo("messages[0].text");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"messages\":7,\"id\":\"5\"}",
                "{\"messages\":7,\"replyTo\":{\"tropic\":\"t\"}}",
                "{\"messages\":7,\"conversation\":{}}",
                "{\"messages\":7,\"replyTo\":null,\"id\":null,\"id\":null}"
            })
    void aWrongFieldIsMalformedWhereItIsUnknownWhoIsToBeAnswered(String json) {
        assertThat(malformed(json(7, null, json)).fault()).isEqualTo(Fault.INVALID_FIELD);
    }

    @Test
    void theContentTypeDecidesWhatARecordIs() throws Exception {
        Decoded said = decoder.decode(record(7, 0, null, bytes(HI), "application/json; charset=utf-8"));
        MalformedEventException denied = malformed(record(7, 0, null, bytes("C3 01"), "application/json"));
        MalformedEventException empty = malformed(record(7, 0, null, null, "application/json"));

        assertThat(said.form().json()).isTrue();
        assertThat(denied.fault()).isEqualTo(Fault.INVALID_JSON);
        assertThat(empty.fault()).isEqualTo(Fault.EMPTY);
    }

    @Test
    void anAvroPromptIsAnsweredInAvro() throws Exception {
        byte[] avro = EventCodec.PROMPT.encode(WorkerFixture.prompt("hello", 5));

        assertThat(decoder.decode(record(7, 0, null, avro, null)).form().json()).isFalse();
    }

    @Test
    void saysWhichSettingAFramedPromptNeeds() {
        MalformedEventException malformed = malformed(record(7, 0, null, new byte[] {0, 0, 0, 0, 9, 1}, null));

        assertThat(malformed.fault()).isEqualTo(Fault.NO_SCHEMA_REGISTRY);
        assertThat(malformed).hasMessageContaining("schema-registry-url");
    }

    @Test
    void refusesACorrelationIdThatWouldComeBackTooOften() throws Exception {
        ConsumerRecord<byte[], byte[]> record = json(7, null, HI);
        record.headers().add("kafka_correlationId", new byte[2000]);

        assertThat(Objects.requireNonNull(decoder.decode(record).refusal())
                        .failure()
                        .getParam())
                .isEqualTo("kafka_correlationId");
    }

    private MalformedEventException malformed(ConsumerRecord<byte[], byte[]> record) {
        return catchThrowableOfType(MalformedEventException.class, () -> decoder.decode(record));
    }

    private static ConsumerRecord<byte[], byte[]> json(long offset, byte @Nullable [] key, String value) {
        return record(offset, 1000, key, bytes(value), null);
    }

    private static ConsumerRecord<byte[], byte[]> record(
            long offset, long timestamp, byte @Nullable [] key, byte @Nullable [] value, @Nullable String contentType) {
        RecordHeaders headers = new RecordHeaders();
        if (contentType != null) {
            headers.add("content-type", bytes(contentType));
        }
        return new ConsumerRecord<>(
                "prompts",
                3,
                offset,
                timestamp,
                TimestampType.LOG_APPEND_TIME,
                0,
                0,
                key,
                value,
                headers,
                Optional.empty());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
