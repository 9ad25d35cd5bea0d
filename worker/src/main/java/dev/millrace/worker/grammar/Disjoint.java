package dev.millrace.worker.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether schemas share no value, as far as that can be seen at once: by their types, by their constants, or by a
 * property that both require and that has different constants in each. A grammar cannot say that exactly one of several
 * holds, but where no two can hold it need not.
 */
final class Disjoint {
    private static final int MOST_SCHEMAS = 100;
    private static final int MOST_REFERENCES = 16;

    private Disjoint() {}

    static boolean all(List<SchemaNode> schemas) throws GrammarException {
        if (schemas.size() > MOST_SCHEMAS) {
            throw new GrammarException("has more than " + MOST_SCHEMAS + " schemas in a oneOf");
        }
        for (int i = 0; i < schemas.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (!disjoint(followed(schemas.get(i)), followed(schemas.get(j)))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean disjoint(SchemaNode a, SchemaNode b) throws GrammarException {
        List<JsonNode> ofA = valuesOrNull(a);
        List<JsonNode> ofB = valuesOrNull(b);
        if (ofA != null && ofB != null) {
            return ofA.stream().noneMatch(value -> ofB.stream().anyMatch(other -> same(value, other)));
        }
        Set<String> types = types(a, ofA);
        types.retainAll(types(b, ofB));
        return types.isEmpty() || (types.equals(Set.of("object")) && toldApartByAProperty(a, b));
    }

    private static boolean toldApartByAProperty(SchemaNode a, SchemaNode b) throws GrammarException {
        for (JsonNode name : a.node().path("required")) {
            boolean inBoth = false;
            for (JsonNode other : b.node().path("required")) {
                inBoth |= name.isTextual() && name.equals(other);
            }
            if (inBoth) {
                SchemaNode inA = followed(a.child("properties").child(name.textValue()));
                SchemaNode inB = followed(b.child("properties").child(name.textValue()));
                if (valuesOrNull(inA) != null && valuesOrNull(inB) != null && disjoint(inA, inB)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** What constants the schema allows. */
    static List<JsonNode> values(SchemaNode schema) throws GrammarException {
        List<JsonNode> values = new ArrayList<>();
        if (schema.has("const")) {
            values.add(schema.node().get("const"));
        } else {
            schema.list("enum").forEach(item -> values.add(item.node()));
        }
        if (schema.has("const") && schema.has("enum")) {
            throw schema.child("const").error("is not supported beside enum");
        }
        if (schema.has("type")) {
            List<String> types = TypedSchema.types(schema);
            values.removeIf(value -> types.stream()
                    .noneMatch(type -> type.equals(type(value)) || (type.equals("number") && value.isNumber())));
        }
        return values;
    }

    private static @Nullable List<JsonNode> valuesOrNull(SchemaNode schema) throws GrammarException {
        return schema.has("const") || schema.has("enum") ? values(schema) : null;
    }

    private static Set<String> types(SchemaNode schema, @Nullable List<JsonNode> values) throws GrammarException {
        Set<String> types = new HashSet<>();
        if (values != null) {
            values.forEach(value -> types.add(type(value)));
        } else if (schema.has("type")) {
            types.addAll(TypedSchema.types(schema));
        } else {
            types.addAll(Set.of("object", "array", "string", "number", "boolean", "null"));
        }
        if (types.contains("number")) { // which takes in the integers
            types.add("integer");
        }
        return types;
    }

    private static String type(JsonNode value) {
        return switch (value.getNodeType()) {
            case OBJECT -> "object";
            case ARRAY -> "array";
            case NUMBER -> isWhole(value) ? "integer" : "number";
            case BOOLEAN -> "boolean";
            case NULL -> "null";
            default -> "string";
        };
    }

    private static boolean isWhole(JsonNode number) {
        return number.isIntegralNumber() || number.doubleValue() == Math.rint(number.doubleValue());
    }

    private static boolean same(JsonNode a, JsonNode b) {
        return a.equals(
                (x, y) -> x.isNumber() && y.isNumber() && x.doubleValue() == y.doubleValue() ? 0 : x.equals(y) ? 0 : 1,
                b);
    }

    private static SchemaNode followed(SchemaNode schema) throws GrammarException {
        SchemaNode found = schema;
        for (int i = 0; i < MOST_REFERENCES && found.has("$ref"); i++) {
            String pointer = found.text("$ref");
            found = new SchemaNode(found.document().resolve(pointer), pointer, found.document());
        }
        return found;
    }
}
