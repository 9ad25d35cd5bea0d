package dev.millrace.schemas;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.millrace.schemas.MalformedEventException.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * Reads one event that is a JSON object with the schema's field names. Null is the same as left out, enums are read
 * in either case, and only a union of several types names its type. The first thing that does not fit ends it, so that
 * no more is held than fits the schema. For one record and one thread.
 */
final class JsonEventReader {
    /** No event nests as deep; what is passed over may not either. */
    private static final int MAX_DEPTH = 32;

    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(TopicRules.MAX_PROMPT_BYTES)
                    .build())
            .build();

    /** A name that may be repeated in messages and logs; another could be anybody's text. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");

    private final JsonParser parser;
    private final SpecificData model;

    private JsonEventReader(JsonParser parser, SpecificData model) {
        this.parser = parser;
        this.model = model;
    }

    static Object read(byte[] record, Schema schema, SpecificData model, JsonFields fields)
            throws MalformedEventException {
        if (record.length > TopicRules.MAX_PROMPT_BYTES) {
            throw new MalformedEventException(
                    Fault.TOO_LARGE, "The record has more than " + TopicRules.MAX_PROMPT_BYTES + " bytes");
        }
        try (JsonParser parser = JSON.createParser(text(record))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedEventException(Fault.INVALID_JSON, "The record is no JSON object");
            }
            Object event = new JsonEventReader(parser, model).object(schema, "", fields);
            if (parser.nextToken() != null) {
                throw new MalformedEventException(Fault.TRAILING_BYTES, "More follows the end of the JSON object");
            }
            return event;
        } catch (CharacterCodingException e) {
            throw new MalformedEventException(Fault.INVALID_JSON, "The record is not UTF-8");
        } catch (StreamConstraintsException e) {
            throw new MalformedEventException(
                    Fault.INVALID_JSON, "The record's JSON nests too deep or has too long parts");
        } catch (JsonProcessingException e) {
            JsonLocation place = e.getLocation();
            throw new MalformedEventException(
                    Fault.INVALID_JSON,
                    "The record is no valid JSON"
                            + (place == null ? "" : ": line " + place.getLineNr() + ", column " + place.getColumnNr()));
        } catch (IOException e) {
            throw new IllegalStateException("A parser of text in memory does no input", e);
        }
    }

    /** Jackson guesses at encodings and lets some bytes through that are no character. */
    private static String text(byte[] record) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(record))
                .toString();
    }

    private SpecificRecordBase object(Schema schema, String path, JsonFields fields)
            throws IOException, MalformedEventException {
        SpecificRecordBase event = (SpecificRecordBase) model.newRecord(null, schema);
        Set<String> met = new HashSet<>();
        Set<String> given = new HashSet<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (!fields.read().test(name)) {
                parser.skipChildren();
                continue;
            }
            Schema.Field field = schema.getField(name);
            String at = join(path, NAME.matcher(name).matches() ? name : "(a name that is none of the schema's)");
            if (field == null) {
                throw fault(at, "is no field of a " + schema.getName());
            }
            if (!met.add(name)) {
                throw fault(at, "comes twice");
            }
            if (token != JsonToken.VALUE_NULL) {
                given.add(name);
                event.put(field.pos(), value(field.schema(), at));
            }
        }
        for (Schema.Field field : schema.getFields()) {
            if (!given.contains(field.name())) {
                event.put(field.pos(), absent(field, join(path, field.name()), fields));
            }
        }
        return event;
    }

    private @Nullable Object absent(Schema.Field field, String path, JsonFields fields) throws MalformedEventException {
        Object value = fields.absent().get(field.name());
        if (value != null) {
            return value;
        }
        if (!field.hasDefaultValue()) {
            throw fault(path, "is missing");
        }
        return model.deepCopy(field.schema(), model.getDefaultValue(field));
    }

    private Object value(Schema schema, String path) throws IOException, MalformedEventException {
        return switch (schema.getType()) {
            case UNION -> union(schema, path);
            case RECORD -> {
                check(parser.hasToken(JsonToken.START_OBJECT), path, "must be an object");
                yield object(schema, path, JsonFields.AS_THEY_ARE);
            }
            case ARRAY -> array(schema, path);
            case ENUM -> symbol(schema, path);
            case STRING -> isLogical(schema, "uuid") ? uuid(path) : string(path);
            case BOOLEAN -> {
                check(parser.currentToken().isBoolean(), path, "must be true or false");
                yield parser.getBooleanValue();
            }
            case INT -> {
                check(isWhole(NumberType.INT), path, "must be a whole number of at most 32 bits");
                yield parser.getIntValue();
            }
            case LONG -> {
                check(isWhole(NumberType.INT) || isWhole(NumberType.LONG), path, "must be a whole number of 64 bits");
                long number = parser.getLongValue();
                yield isLogical(schema, "timestamp-millis") ? (Object) Instant.ofEpochMilli(number) : (Object) number;
            }
            case FLOAT -> {
                check(parser.currentToken().isNumeric(), path, "must be a number");
                check(Float.isFinite(parser.getFloatValue()), path, "must be a number of ordinary size");
                yield parser.getFloatValue();
            }
            case DOUBLE -> {
                check(parser.currentToken().isNumeric(), path, "must be a number");
                check(Double.isFinite(parser.getDoubleValue()), path, "must be a number of ordinary size");
                yield parser.getDoubleValue();
            }
            default -> throw new IllegalStateException("No event has a field of the type " + schema.getType());
        };
    }

    /** Null or one type: the value alone. Several types: an object of one field, named by the type. */
    private Object union(Schema schema, String path) throws IOException, MalformedEventException {
        List<Schema> types = schema.getTypes().stream()
                .filter(type -> type.getType() != Schema.Type.NULL)
                .toList();
        if (types.size() == 1) {
            return value(types.get(0), path);
        }
        check(
                parser.hasToken(JsonToken.START_OBJECT) && parser.nextToken() == JsonToken.FIELD_NAME,
                path,
                "must be an object of one field");
        String name = parser.currentName();
        Schema named = types.stream()
                .filter(type -> type.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> fault(path, "names none of its types"));
        parser.nextToken();
        Object value = value(named, join(path, name));
        check(parser.nextToken() == JsonToken.END_OBJECT, path, "must be an object of one field");
        return value;
    }

    private List<Object> array(Schema schema, String path) throws IOException, MalformedEventException {
        check(parser.hasToken(JsonToken.START_ARRAY), path, "must be an array");
        List<Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(value(schema.getElementType(), path + "[" + items.size() + "]"));
        }
        return items;
    }

    private Object symbol(Schema schema, String path) throws IOException, MalformedEventException {
        check(parser.hasToken(JsonToken.VALUE_STRING), path, "must be a string");
        String symbol = parser.getText().toUpperCase(Locale.ROOT);
        check(schema.hasEnumSymbol(symbol), path, "must be one of " + String.join(", ", schema.getEnumSymbols()));
        return model.createEnum(symbol, schema);
    }

    private String string(String path) throws IOException, MalformedEventException {
        check(parser.hasToken(JsonToken.VALUE_STRING), path, "must be a string");
        String text = parser.getText();
        check(StandardCharsets.UTF_8.newEncoder().canEncode(text), path, "has half a character (a lone surrogate)");
        return text;
    }

    /** Java reads shorter texts as UUIDs too; two texts of one id would be two keys. */
    private UUID uuid(String path) throws IOException, MalformedEventException {
        String text = string(path);
        try {
            UUID id = UUID.fromString(text);
            check(id.toString().equalsIgnoreCase(text), path, "must be a UUID");
            return id;
        } catch (IllegalArgumentException e) {
            throw fault(path, "must be a UUID");
        }
    }

    private boolean isWhole(NumberType type) throws IOException {
        return parser.hasToken(JsonToken.VALUE_NUMBER_INT) && parser.getNumberType() == type;
    }

    private static boolean isLogical(Schema schema, String name) {
        return schema.getLogicalType() != null
                && schema.getLogicalType().getName().equals(name);
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static void check(boolean holds, String path, String complaint) throws MalformedEventException {
        if (!holds) {
            throw fault(path, complaint);
        }
    }

    private static MalformedEventException fault(String path, String complaint) {
        return new MalformedEventException(Fault.INVALID_FIELD, path, path + " " + complaint);
    }
}
