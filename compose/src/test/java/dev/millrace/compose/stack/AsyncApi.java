package dev.millrace.compose.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** The document of Kafka's topics that a gateway serves, which what workers write has to agree with. */
record AsyncApi(JsonNode document) {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final SchemaValidatorsConfig STRICT =
            SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();

    static AsyncApi parse(String document) throws IOException {
        return new AsyncApi(new ObjectMapper().readTree(document));
    }

    /** What is wrong with a record: its key, its headers, its value. */
    Set<String> faults(ConsumerRecord<byte[], byte[]> record) {
        JsonNode message = message(record.topic());
        ObjectNode headers = NODES.objectNode();
        record.headers()
                .forEach(header -> headers.set(header.key(), text(header.value(), StandardCharsets.ISO_8859_1)));
        Set<String> faults = new TreeSet<>();
        faults.addAll(faults(message.at("/bindings/kafka/key"), text(record.key(), StandardCharsets.UTF_8)));
        faults.addAll(faults(message.path("headers"), headers));
        JsonNode schema = message.at("/payload/schema");
        if (!schema.isMissingNode() && record.value() != null) {
            faults.addAll(valueFaults(schema, record.value(), headers.has("content-type")));
        }
        return faults;
    }

    private JsonNode message(String topic) {
        JsonNode channel = StreamSupport.stream(document.path("channels").spliterator(), false)
                .filter(one -> one.path("address").asText().equals(topic))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the document knows no topic " + topic));
        JsonNode reference = channel.path("messages").iterator().next().path("$ref");
        return document.at(reference.asText().substring(1));
    }

    /** Bytes that are no text are one character each. */
    private static JsonNode text(byte @Nullable [] bytes, Charset charset) {
        return bytes == null ? NODES.nullNode() : NODES.textNode(new String(bytes, charset));
    }

    private static Set<String> faults(JsonNode schema, JsonNode value) {
        Set<String> faults = new TreeSet<>();
        JsonSchemaFactory.getInstance(VersionFlag.V7)
                .getSchema(schema, STRICT)
                .validate(value)
                .forEach(fault -> faults.add(fault.getMessage()));
        return faults;
    }

    /** JSON has the same fields, so it is Avro once it has been read. */
    private static Set<String> valueFaults(JsonNode schema, byte[] value, boolean json) {
        Schema written = new Schema.Parser().parse(schema.toString());
        try {
            if (json != (value[0] == '{')) {
                return Set.of("the header content-type and the value contradict each other");
            }
            byte[] avro = json ? avro(written.getFullName(), value) : value;
            new BinaryMessageDecoder<GenericRecord>(new GenericData(), written).decode(avro);
            return Set.of();
        } catch (IOException | MalformedEventException | RuntimeException e) {
            return Set.of(e.toString());
        }
    }

    private static byte[] avro(String name, byte[] json) throws MalformedEventException {
        return name.endsWith(".ReplyEvent")
                ? encoded(EventCodec.REPLY_EVENT, json)
                : encoded(EventCodec.COMPLETION, json);
    }

    private static <T extends SpecificRecordBase> byte[] encoded(EventCodec<T> codec, byte[] json)
            throws MalformedEventException {
        return codec.encode(codec.decode(json));
    }
}
