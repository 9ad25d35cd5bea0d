package dev.millrace.worker.grammar;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;

/** Small schemas out of all that is supported. */
final class RandomSchema {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final List<String> NAMES = List.of("a", "ab", "名", "цена", "a\"b", "");
    private static final List<String> PATTERNS =
            List.of("^[a-f]{1,4}$", "\\d+", "^(ja|нет|非)$", "^[^a-z\"]*$", "^\\w+@\\w+$|^-$", "x?y");

    private final Random random;

    RandomSchema(long seed) {
        random = new Random(seed);
    }

    ObjectNode document() {
        ObjectNode schema = schema(3);
        schema.putObject("$defs").set("leaf", schema(0));
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        return schema;
    }

    private ObjectNode schema(int depth) {
        ObjectNode schema = JSON.objectNode();
        int kinds = depth == 0 ? 6 : 10;
        switch (random.nextInt(kinds)) {
            case 0 -> schema.put("type", "integer");
            case 1 -> schema.put("type", "number");
            case 2 -> schema.set("type", JSON.arrayNode().add("boolean").add("null"));
            case 3 -> string(schema);
            case 4 -> schema.put("type", "string").put("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
            case 5 ->
                schema.set(
                        "enum",
                        JSON.arrayNode()
                                .add(1.5)
                                .add("ثلاثة")
                                .add(JSON.nullNode())
                                .add(JSON.arrayNode().add(1)));
            case 6 -> schema.put("$ref", "#/$defs/leaf");
            case 7 ->
                schema.set("anyOf", JSON.arrayNode().add(schema(depth - 1)).add(schema(depth - 1)));
            case 8 -> array(schema, depth);
            default -> object(schema, depth);
        }
        return schema;
    }

    private void string(ObjectNode schema) {
        int least = random.nextInt(4);
        schema.put("type", "string").put("minLength", least).put("maxLength", least + random.nextInt(5));
    }

    private void array(ObjectNode schema, int depth) {
        int least = random.nextInt(3);
        schema.put("type", "array").put("minItems", least).set("items", schema(depth - 1));
        if (random.nextBoolean()) {
            schema.put("maxItems", least + random.nextInt(3));
        }
    }

    private void object(ObjectNode schema, int depth) {
        ObjectNode properties = schema.put("type", "object").putObject("properties");
        ArrayNode required = schema.putArray("required");
        for (String name : NAMES) {
            if (random.nextInt(3) == 0) {
                properties.set(name, schema(depth - 1));
            }
            if (random.nextInt(4) == 0) {
                required.add(name);
            }
        }
        if (random.nextInt(3) == 0) {
            schema.set("additionalProperties", schema(0));
        } else if (required.isEmpty()) {
            schema.put("additionalProperties", random.nextBoolean());
        }
    }
}
