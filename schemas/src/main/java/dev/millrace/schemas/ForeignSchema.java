package dev.millrace.schemas;

import dev.millrace.schemas.MalformedEventException.Fault;
import java.util.HashSet;
import java.util.Set;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * A writer's schema that comes from elsewhere. What it describes and our schema lacks has to be passed over, and some
 * schemas make that cost far more than the record's bytes: items or records of no bytes, of which a few bytes promise
 * billions, and records that hold themselves, which nest as deep as the record is long.
 */
final class ForeignSchema {
    /** Full names of records: met, and of these those that are not done. */
    private final Set<String> met = new HashSet<>();

    private final Set<String> open = new HashSet<>();

    private ForeignSchema() {}

    static Schema parse(String json) throws MalformedEventException {
        try {
            Schema schema = new Schema.Parser().setValidateDefaults(false).parse(json);
            new ForeignSchema().check(schema);
            return schema;
        } catch (AvroRuntimeException e) { // it quotes the schema
            throw new MalformedEventException(Fault.UNKNOWN_SCHEMA, "The record's schema is no Avro schema");
        }
    }

    /** Whether a value takes at least one byte. */
    private boolean check(Schema schema) throws MalformedEventException {
        return switch (schema.getType()) {
            case NULL -> false;
            case FIXED -> schema.getFixedSize() > 0;
            case RECORD -> {
                checkRecord(schema);
                yield true;
            }
            case UNION -> {
                for (Schema type : schema.getTypes()) {
                    check(type);
                }
                yield true;
            }
            case ARRAY -> {
                if (!check(schema.getElementType())) {
                    throw refused("has arrays of items without bytes");
                }
                yield true;
            }
            case MAP -> {
                check(schema.getValueType());
                yield true;
            }
            default -> true;
        };
    }

    private void checkRecord(Schema schema) throws MalformedEventException {
        String name = schema.getFullName();
        if (!met.add(name)) {
            if (open.contains(name)) {
                throw refused("has records that hold themselves");
            }
            return;
        }
        open.add(name);
        boolean takesBytes = false;
        for (Schema.Field field : schema.getFields()) {
            takesBytes |= check(field.schema());
        }
        open.remove(name);
        if (!takesBytes) {
            throw refused("has records without bytes");
        }
    }

    private static MalformedEventException refused(String why) {
        return new MalformedEventException(Fault.UNKNOWN_SCHEMA, "The record's schema " + why + ": it is not read");
    }
}
