package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData.EnumSymbol;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignSchemaTest {
    private static final int FRAME = 5;
    private static final UUID ID = UUID.randomUUID();
    private static final String MESSAGES = """
            {"name":"messages","type":{"type":"array","items":{"type":"record","name":"Message","fields":[
              {"name":"role","type":{"type":"enum","name":"Role","symbols":["USER"]}},
              {"name":"content","type":"string"}]}}}""";
    /** A sender's own idea of a prompt: other order, a plain string as id, a field that we do not have. */
    private static final String FOREIGN =
            "{\"type\":\"record\",\"name\":\"Prompt\",\"namespace\":\"com.example\",\"fields\":["
                    + MESSAGES
                    + ",{\"name\":\"tags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}"
                    + ",{\"name\":\"conversation\",\"type\":\"string\"},{\"name\":\"id\",\"type\":\"string\"}]}";

    @Test
    void readsAnothersSchemaByAvrosRules() throws Exception {
        Prompt prompt = decode(FOREIGN, foreignPrompt());

        assertThat(prompt)
                .isEqualTo(Prompt.newBuilder()
                        .setId(ID)
                        .setConversation("c-42")
                        .setMessages(List.of(new Message(Role.USER, "Hi")))
                        .build());
    }

    @Test
    void noticesTruncationAndTrailingBytes() throws Exception {
        byte[] body = foreignPrompt();
        byte[] longer = Arrays.copyOf(body, body.length + 1);

        for (int length = FRAME; length < body.length; length++) {
            byte[] shorter = Arrays.copyOf(body, length);
            assertThat(refused(FOREIGN, shorter).fault()).isEqualTo(Fault.TRUNCATED);
        }
        assertThat(refused(FOREIGN, longer).fault()).isEqualTo(Fault.TRAILING_BYTES);
    }

    @Test
    void refusesARecordThatLacksWhatAPromptNeeds() {
        String noId = "{\"type\":\"record\",\"name\":\"Prompt\",\"fields\":[" + MESSAGES + "]}";

        assertThat(refused(noId, new byte[FRAME + 1]).fault()).isEqualTo(Fault.CORRUPT);
    }

    @ParameterizedTest
    @ValueSource(longs = {Integer.MAX_VALUE - 8L, 1L << 40, Long.MAX_VALUE})
    void aHugeCountOfMessagesCostsNothing(long count) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(new byte[FRAME]);
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        encoder.writeLong(count);
        encoder.flush();

        assertThat(refused(FOREIGN, bytes.toByteArray()).fault()).isIn(Fault.TRUNCATED, Fault.CORRUPT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"array\",\"items\":\"null\"}",
                "{\"type\":\"array\",\"items\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":0}}",
                "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"E\",\"fields\":[]}}",
                "{\"type\":\"record\",\"name\":\"E\",\"fields\":[{\"name\":\"n\",\"type\":\"null\"}]}",
                "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"L\"]}]}",
                "{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":\"null\"}}"
            })
    void refusesSchemasThatCostMoreThanTheirBytes(String type) {
        String schema = FOREIGN.replace("{\"type\":\"array\",\"items\":\"string\"}", type);

        MalformedEventException refused = refused(schema, new byte[FRAME]);

        assertThat(refused.fault()).isEqualTo(Fault.UNKNOWN_SCHEMA);
        assertThat(refused).hasMessageContaining("it is not read");
    }

    @Test
    void checksASchemaThatNamesItsRecordsOverAndOverOnce() throws Exception {
        StringBuilder types = new StringBuilder(
                "{\"type\":\"record\",\"name\":\"R0\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}");
        for (int i = 1; i < 60; i++) {
            types.insert(0, "{\"type\":\"record\",\"name\":\"R" + i + "\",\"fields\":[{\"name\":\"a\",\"type\":")
                    .append("},{\"name\":\"b\",\"type\":\"R" + (i - 1) + "\"}]}");
        }
        String schema = FOREIGN.replace("{\"type\":\"array\",\"items\":\"string\"}", types);

        assertThat(EventCodec.PROMPT.readerOf(schema)).isNotNull();
        assertThat(refused(schema, foreignPrompt()).fault()).isEqualTo(Fault.TRUNCATED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "sesame",
                "{\"type\":\"sesame\"}",
                "{\"type\":\"record\",\"name\":\"1 sesame\",\"fields\":[]}"
            })
    void refusesWhatIsNoSchema(String schema) {
        MalformedEventException refused = refused(schema, new byte[FRAME]);

        assertThat(refused.fault()).isEqualTo(Fault.UNKNOWN_SCHEMA);
        assertThat(refused).hasMessageNotContaining("sesame").hasNoCause();
    }

    private static byte[] foreignPrompt() throws IOException {
        Schema schema = new Schema.Parser().parse(FOREIGN);
        Schema message = schema.getField("messages").schema().getElementType();
        GenericRecord hi = new GenericRecordBuilder(message)
                .set("role", new EnumSymbol(message.getField("role").schema(), "USER"))
                .set("content", "Hi")
                .build();
        GenericRecord prompt = new GenericRecordBuilder(schema)
                .set("messages", List.of(hi))
                .set("tags", List.of("a", "b"))
                .set("conversation", "c-42")
                .set("id", ID.toString())
                .build();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(new byte[FRAME]);
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(schema).write(prompt, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private static Prompt decode(String schema, byte[] record) throws MalformedEventException {
        return EventCodec.PROMPT.decode(record, FRAME, EventCodec.PROMPT.readerOf(schema));
    }

    private static MalformedEventException refused(String schema, byte[] record) {
        return catchThrowableOfType(MalformedEventException.class, () -> decode(schema, record));
    }
}
