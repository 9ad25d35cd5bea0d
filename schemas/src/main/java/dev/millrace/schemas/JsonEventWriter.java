package dev.millrace.schemas;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.jspecify.annotations.Nullable;

/**
 * Writes one event as a JSON object on one line, as {@link JsonEventReader} reads it: what is null is left out, and
 * only a union of several types names its type. For one event and one thread.
 */
final class JsonEventWriter {
    private static final JsonFactory JSON = new JsonFactory();

    private final JsonGenerator json;
    private final SpecificData model;

    private JsonEventWriter(JsonGenerator json, SpecificData model) {
        this.json = json;
        this.model = model;
    }

    static byte[] write(IndexedRecord event, SpecificData model) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            new JsonEventWriter(json, model).value(event.getSchema(), event);
        }
        return bytes.toByteArray();
    }

    private void value(Schema schema, @Nullable Object value) throws IOException {
        if (value == null) {
            throw new IllegalArgumentException("a " + schema.getType() + " without a value");
        }
        switch (schema.getType()) {
            case UNION -> union(schema, value);
            case RECORD -> object((IndexedRecord) value);
            case ARRAY -> {
                json.writeStartArray();
                for (Object item : (Collection<?>) value) {
                    value(schema.getElementType(), item);
                }
                json.writeEndArray();
            }
            case BOOLEAN -> json.writeBoolean((Boolean) value);
            case INT -> json.writeNumber((Integer) value);
            case LONG -> json.writeNumber(value instanceof Instant time ? time.toEpochMilli() : (Long) value);
            // JSON has no infinity; the logarithm of nothing is the only one that an event may hold.
            case FLOAT -> json.writeNumber(Math.max((Float) value, -Float.MAX_VALUE));
            case DOUBLE -> json.writeNumber((Double) value);
            default -> json.writeString(value.toString()); // strings, UUIDs, symbols
        }
    }

    private void object(IndexedRecord record) throws IOException {
        json.writeStartObject();
        for (Schema.Field field : record.getSchema().getFields()) {
            Object value = record.get(field.pos());
            boolean nullable = field.schema().isNullable();
            if (value != null || !nullable) {
                json.writeFieldName(field.name());
                value(field.schema(), value);
            }
        }
        json.writeEndObject();
    }

    private void union(Schema schema, Object value) throws IOException {
        List<Schema> types = schema.getTypes().stream()
                .filter(type -> type.getType() != Schema.Type.NULL)
                .toList();
        if (types.size() == 1) {
            value(types.get(0), value);
            return;
        }
        Schema type = schema.getTypes().get(model.resolveUnion(schema, value));
        json.writeStartObject();
        json.writeFieldName(type.getName());
        value(type, value);
        json.writeEndObject();
    }
}
