package dev.millrace.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.StreamSupport;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/** The document of the WebSocket and of Kafka's topics that the gateway serves, which traffic has to agree with. */
final class AsyncApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final SchemaValidatorsConfig STRICT =
            SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();

    private final JsonNode document;
    private final Map<String, Map<String, String>> types = new ConcurrentHashMap<>();
    private final Map<String, JsonSchema> schemas = new ConcurrentHashMap<>();

    private AsyncApi(JsonNode document) {
        this.document = document;
    }

    static AsyncApi parse(String document) throws IOException {
        return new AsyncApi(JSON.readTree(document));
    }

    JsonNode document() {
        return document;
    }

    /** What a client may say, or hear, by the names of their types. */
    Map<String, String> types(String operation) {
        return types.computeIfAbsent(operation, this::readTypes);
    }

    private Map<String, String> readTypes(String operation) {
        Map<String, String> types = new HashMap<>();
        for (JsonNode message : document.at("/operations/" + operation + "/messages")) {
            String pointer = at(message).path("$ref").asText();
            types.put(document.at(pointer.substring(1)).path("name").asText(), last(pointer));
        }
        return types;
    }

    /** What is wrong with an event of the WebSocket as one of those of an operation. */
    Set<String> faults(String operation, String json) throws IOException {
        JsonNode event = JSON.readTree(json);
        String message = types(operation).get(event.path("type").asText());
        return message == null
                ? Set.of("the document knows no " + event.path("type") + " in " + operation)
                : faults("/components/messages/" + message + "/payload", event);
    }

    /** What is wrong with a record. */
    Set<String> faults(ProducerRecord<byte[], byte[]> record) {
        JsonNode channel = StreamSupport.stream(document.path("channels").spliterator(), false)
                .filter(one -> one.path("address").asText().equals(record.topic()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the document knows no topic " + record.topic()));
        String message = "/components/messages/"
                + last(channel.path("messages").iterator().next().path("$ref").asText());
        Set<String> faults = new TreeSet<>(faults(message + "/bindings/kafka/key", text(record.key())));
        ObjectNode headers = JSON.createObjectNode();
        record.headers().forEach(header -> headers.set(header.key(), text(header.value())));
        faults.addAll(faults(message + "/headers", headers));
        if (record.value() != null || !channel.path("x-tombstones").asBoolean()) {
            faults.addAll(avroFaults(document.at(message + "/payload/schema"), record.value()));
        }
        return faults;
    }

    private static JsonNode text(byte @Nullable [] bytes) {
        return bytes == null
                ? JSON.nullNode()
                : JSON.getNodeFactory().textNode(new String(bytes, StandardCharsets.UTF_8));
    }

    /** Of single-object Avro, whose writer names its schema. */
    private static Set<String> avroFaults(JsonNode schema, byte[] value) {
        Schema written = new Schema.Parser().parse(schema.toString());
        try {
            new BinaryMessageDecoder<GenericRecord>(new GenericData(), written).decode(value);
            return Set.of();
        } catch (IOException | RuntimeException e) {
            return Set.of(e.toString());
        }
    }

    private Set<String> faults(String pointer, JsonNode value) {
        Set<String> faults = new TreeSet<>();
        for (ValidationMessage fault :
                schemas.computeIfAbsent(pointer, this::schema).validate(value)) {
            faults.add(fault.getMessage());
        }
        return faults;
    }

    private JsonSchema schema(String pointer) {
        ObjectNode root = JSON.createObjectNode();
        root.put("$ref", "#" + pointer);
        root.set("components", document.get("components"));
        return JsonSchemaFactory.getInstance(VersionFlag.V7).getSchema(root, STRICT);
    }

    private JsonNode at(JsonNode reference) {
        return document.at(reference.path("$ref").asText().substring(1));
    }

    private static String last(String pointer) {
        return pointer.substring(pointer.lastIndexOf('/') + 1);
    }
}
