package dev.millrace.gateway;

import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.WorkerStatus;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;

/** The documents that describe the gateway to programs. They stand on the class path. */
final class ApiDocument {
    private static final JsonObject KAFKA = new JsonObject().put("$ref", "#/servers/kafka");
    /** By the names that stand in the document in their place, so that it cannot say anything else than the code. */
    private static final Map<String, Schema> SCHEMAS = Stream.of(
                    Prompt.getClassSchema(),
                    ReplyEvent.getClassSchema(),
                    Cancellation.getClassSchema(),
                    Completion.getClassSchema(),
                    Attendance.getClassSchema(),
                    ConversationEntry.getClassSchema(),
                    WorkerStatus.getClassSchema())
            .collect(Collectors.toUnmodifiableMap(Schema::getFullName, schema -> schema));

    private ApiDocument() {}

    /** By the paths that they are served at. */
    static Map<String, Buffer> all(Topics topics) {
        return Map.of("/openapi.json", load("openapi.json"), "/asyncapi.json", asyncApi(topics));
    }

    /** With the schemas of events and the names of topics. */
    private static Buffer asyncApi(Topics topics) {
        JsonObject document = load("asyncapi.json").toJsonObject();
        objects(document.getJsonObject("components").getJsonObject("messages"))
                .map(message -> message.getJsonObject("payload", new JsonObject()))
                .filter(payload -> payload.containsKey("schemaFormat"))
                .forEach(payload -> payload.put("schema", schema(payload.getString("schema"))));
        objects(document.getJsonObject("channels"))
                .filter(channel -> channel.getJsonArray("servers").equals(new JsonArray().add(KAFKA)))
                .forEach(channel -> channel.put("address", topics.prefix() + channel.getString("address")));
        return document.toBuffer();
    }

    private static JsonObject schema(String name) {
        Schema schema = SCHEMAS.get(name);
        if (schema == null) {
            throw new IllegalStateException("there is no schema " + name);
        }
        return new JsonObject(schema.toString());
    }

    private static Stream<JsonObject> objects(JsonObject byName) {
        return byName.fieldNames().stream().map(byName::getJsonObject);
    }

    private static Buffer load(String name) {
        try (InputStream file = ApiDocument.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalStateException("the gateway was built without " + name);
            }
            return Buffer.buffer(file.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
