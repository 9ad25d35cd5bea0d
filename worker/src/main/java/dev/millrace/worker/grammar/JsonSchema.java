package dev.millrace.worker.grammar;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.net.URLDecoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a JSON schema. Each text of the grammar is valid against the schema; not every valid text is in the grammar:
 * properties come in the order of the schema, and others only where {@code additionalProperties} asks for them. What is
 * not supported is refused with its path. Belongs to one call.
 */
final class JsonSchema {
    static final String ROOT = "#";

    private static final int DEEPEST = 64;
    /** Whatever they say, they leave the value as it is. */
    private static final Set<String> ANNOTATIONS = Set.of(
            "$comment",
            "$defs",
            "definitions",
            "title",
            "description",
            "default",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly");

    private static final Set<String> OF_THE_ROOT = Set.of("$schema", "$id");
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final JsonNode document;
    private final Map<String, Expression> rules = new HashMap<>(Json.RULES);
    private final Deque<String> toRead = new ArrayDeque<>(List.of(ROOT));

    private JsonSchema(JsonNode document) {
        this.document = document;
    }

    static Map<String, Expression> parse(String schema) throws GrammarException {
        JsonNode document;
        try {
            document = MAPPER.readTree(schema);
        } catch (JsonProcessingException e) { // not passed on: it quotes the text
            throw new GrammarException("is no JSON, or nests too deep");
        }
        if (document.isMissingNode()) {
            throw new GrammarException("is no JSON: it is empty");
        }
        JsonSchema reader = new JsonSchema(document);
        reader.read();
        return reader.rules;
    }

    private void read() throws GrammarException {
        while (!toRead.isEmpty()) {
            String pointer = toRead.remove();
            if (!rules.containsKey(pointer)) {
                rules.put(pointer, expression(new SchemaNode(resolve(pointer), pointer, this), 0));
            }
        }
    }

    /** What the schema at this place says; a reference names it. */
    Expression reference(String pointer) throws GrammarException {
        resolve(pointer);
        toRead.add(pointer);
        return new Expression.Reference(pointer);
    }

    /** Gives a part a name, so that it can be said in several places. */
    Expression rule(String name, Expression expression) {
        rules.put(name, expression);
        return new Expression.Reference(name);
    }

    JsonNode resolve(String pointer) throws GrammarException {
        JsonNode found = MissingNode.getInstance();
        if (pointer.equals(ROOT) || pointer.startsWith("#/")) {
            try {
                found = document.at(URLDecoder.decode(pointer.substring(1).replace("+", "%2B"), UTF_8));
            } catch (IllegalArgumentException e) {
                // no pointer, so that it points nowhere
            }
        }
        if (found.isMissingNode()) {
            throw new GrammarException("refers to " + pointer + ", and only to its own parts it can refer");
        }
        return found;
    }

    Expression expression(SchemaNode schema, int depth) throws GrammarException {
        if (depth > DEEPEST) {
            throw new GrammarException("nests deeper than " + DEEPEST + " levels at " + schema.path());
        }
        JsonNode node = schema.node();
        if (node.isBoolean()) {
            return node.booleanValue() ? Json.VALUE : Expression.NOTHING;
        }
        if (!node.isObject()) {
            throw schema.error("must be a schema");
        }
        for (String way : List.of("$ref", "const", "enum", "anyOf", "oneOf", "allOf")) {
            if (node.has(way)) {
                return switch (way) {
                    case "$ref" -> referred(schema);
                    case "const", "enum" -> literals(schema);
                    default -> combined(schema, way, depth);
                };
            }
        }
        return new TypedSchema(this, schema, depth).expression();
    }

    private Expression referred(SchemaNode schema) throws GrammarException {
        refuseOthers(schema, Set.of("$ref"));
        return reference(schema.text("$ref"));
    }

    private Expression literals(SchemaNode schema) throws GrammarException {
        refuseOthers(schema, Set.of("const", "enum", "type"));
        List<Expression> texts = new ArrayList<>();
        for (JsonNode value : Disjoint.values(schema)) {
            texts.add(Expression.text(quote(value)));
        }
        return new Expression.Choice(texts);
    }

    private Expression combined(SchemaNode schema, String way, int depth) throws GrammarException {
        refuseOthers(schema, Set.of(way));
        List<SchemaNode> parts = schema.list(way);
        if (way.equals("allOf") && parts.size() != 1) {
            throw schema.child(way).error("is supported with one schema only");
        }
        if (way.equals("oneOf") && !Disjoint.all(parts)) {
            throw schema.child(way)
                    .error(
                            "is supported only where no value can be valid against two of its schemas: give them a property"
                                    + " with different constants, or use anyOf");
        }
        List<Expression> options = new ArrayList<>();
        for (SchemaNode part : parts) {
            options.add(expression(part, depth + 1));
        }
        return new Expression.Choice(options);
    }

    static String quote(JsonNode value) throws GrammarException {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new GrammarException("has a constant that cannot be written");
        }
    }

    /** Whatever is neither among these nor an annotation would have to be kept to, and is not. */
    static void refuseOthers(SchemaNode schema, Set<String> known) throws GrammarException {
        for (String keyword : schema.keywords()) {
            boolean ofRoot = schema.path().equals(ROOT) && OF_THE_ROOT.contains(keyword);
            if (!known.contains(keyword) && !ANNOTATIONS.contains(keyword) && !ofRoot) {
                throw schema.child(keyword).error("is not supported here");
            }
        }
    }
}
