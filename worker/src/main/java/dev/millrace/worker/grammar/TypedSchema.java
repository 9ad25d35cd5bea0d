package dev.millrace.worker.grammar;

import static dev.millrace.worker.grammar.Expression.UNBOUNDED;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** A schema that says what type its values have, and what of each type is allowed. Belongs to one call. */
final class TypedSchema {
    private static final Map<String, Set<String>> KEYWORDS = Map.of(
            "object", Set.of("properties", "required", "additionalProperties"),
            "array", Set.of("items", "minItems", "maxItems"),
            "string", Set.of("minLength", "maxLength", "pattern"),
            "number", Set.of(),
            "integer", Set.of(),
            "boolean", Set.of(),
            "null", Set.of());

    private static final int LONGEST_NAME = 256;

    private final JsonSchema document;
    private final SchemaNode schema;
    private final int depth;

    TypedSchema(JsonSchema document, SchemaNode schema, int depth) {
        this.document = document;
        this.schema = schema;
        this.depth = depth;
    }

    Expression expression() throws GrammarException {
        List<String> types = types();
        Set<String> known = new HashSet<>(Set.of("type"));
        types.forEach(type -> known.addAll(Objects.requireNonNull(KEYWORDS.get(type))));
        JsonSchema.refuseOthers(schema, known);
        if (types.isEmpty()) {
            return Json.VALUE;
        }
        List<Expression> options = new ArrayList<>();
        for (String type : types) {
            options.add(ofType(type));
        }
        return new Expression.Choice(options);
    }

    /** Those that are named; else the one that all other keywords belong to; empty: any. */
    private List<String> types() throws GrammarException {
        if (schema.has("type")) {
            return types(schema);
        }
        return KEYWORDS.entrySet().stream()
                .filter(entry -> schema.keywords().stream().anyMatch(entry.getValue()::contains))
                .map(Map.Entry::getKey)
                .limit(1)
                .toList();
    }

    /** The types that a schema names, as a string or as a list of strings. */
    static List<String> types(SchemaNode schema) throws GrammarException {
        SchemaNode type = schema.child("type");
        List<SchemaNode> named = type.node().isArray() ? schema.list("type") : List.of(type);
        List<String> types = new ArrayList<>();
        for (SchemaNode name : named) {
            if (!name.node().isTextual() || !KEYWORDS.containsKey(name.node().textValue())) {
                throw name.error("must be one of object, array, string, number, integer, boolean, null");
            }
            types.add(name.node().textValue());
        }
        return types;
    }

    private Expression ofType(String type) throws GrammarException {
        return switch (type) {
            case "object" -> object();
            case "array" -> array();
            case "string" -> string();
            case "number" -> Json.NUMBER;
            case "integer" -> Json.INTEGER;
            case "boolean" -> Json.BOOLEAN;
            default -> Json.NULL;
        };
    }

    private Expression array() throws GrammarException {
        int least = schema.count("minItems", 0);
        int most = schema.count("maxItems", UNBOUNDED);
        Expression item = schema.has("items") ? document.expression(schema.child("items"), depth + 1) : Json.VALUE;
        return least > most ? Expression.NOTHING : Json.array(item, least, most);
    }

    private Expression string() throws GrammarException {
        if (!schema.has("pattern")) {
            int least = schema.count("minLength", 0);
            int most = schema.count("maxLength", UNBOUNDED);
            return least > most ? Expression.NOTHING : Json.string(least, most);
        }
        for (String beside : List.of("minLength", "maxLength")) {
            if (schema.has(beside)) {
                throw schema.child(beside).error("is not supported beside a pattern");
            }
        }
        try {
            return Expression.sequence(Json.QUOTE, PatternParser.parse(schema.text("pattern")), Json.QUOTE);
        } catch (GrammarException e) {
            throw e.getMessage().startsWith("at ") ? e : schema.child("pattern").error(e.getMessage());
        }
    }

    private Expression object() throws GrammarException {
        Map<String, SchemaNode> properties = properties();
        Set<String> required = required(properties);
        JsonNode additional = schema.node().path("additionalProperties");
        boolean others = schema.has("additionalProperties") ? !isFalse(additional) : properties.isEmpty();
        Expression rest = Json.space();
        Expression restOfNone = Expression.EMPTY;
        if (others) {
            Expression further = further(properties);
            rest = Expression.sequence(
                    Expression.repeat(Expression.sequence(Json.comma(), further), 0, UNBOUNDED), Json.space());
            restOfNone = Expression.optional(Expression.sequence(further, rest));
        }
        return Json.object(members(properties, required, rest, restOfNone));
    }

    /**
     * In their order. What follows depends on whether there was a member before, and so whether a comma comes: two
     * chains of rules, from the last property to the first.
     *
     * @param rest what stands behind the last member, and the end of the object
     * @param restOfNone the same where there was no member
     */
    private Expression members(
            Map<String, SchemaNode> properties, Set<String> required, Expression rest, Expression restOfNone)
            throws GrammarException {
        List<String> names = new ArrayList<>(properties.keySet());
        Expression behindMember = rest;
        Expression behindNone = restOfNone;
        for (int i = names.size() - 1; i >= 0; i--) {
            String name = names.get(i);
            Expression value = document.expression(Objects.requireNonNull(properties.get(name)), depth + 1);
            Expression quoted = Expression.text(JsonSchema.quote(TextNode.valueOf(name)));
            Expression following = document.rule(schema.path() + " behind " + i, behindMember);
            Expression member = document.rule(
                    schema.path() + " from " + i, Expression.sequence(Json.member(quoted, value), following));
            Expression after = Expression.sequence(Json.comma(), member);
            boolean must = required.contains(name);
            behindNone = must
                    ? member
                    : Expression.choice(member, document.rule(schema.path() + " without " + i, behindNone));
            behindMember = must ? after : Expression.choice(after, following);
        }
        return behindNone;
    }

    private Map<String, SchemaNode> properties() throws GrammarException {
        SchemaNode all = schema.child("properties");
        if (schema.has("properties") && !all.node().isObject()) {
            throw all.error("must be an object");
        }
        Map<String, SchemaNode> properties = new LinkedHashMap<>();
        for (String name : all.keywords()) {
            if (name.length() > LONGEST_NAME) {
                throw all.error("has a name of more than " + LONGEST_NAME + " characters");
            }
            properties.put(name, all.child(name));
        }
        return properties;
    }

    /** Those that must be there, each of which is a property then. */
    private Set<String> required(Map<String, SchemaNode> properties) throws GrammarException {
        Set<String> required = new HashSet<>();
        SchemaNode listed = schema.child("required");
        if (!schema.has("required") || (listed.node().isArray() && listed.node().isEmpty())) {
            return required;
        }
        for (SchemaNode name : schema.list("required")) {
            if (!name.node().isTextual() || name.node().textValue().length() > LONGEST_NAME) {
                throw name.error("must be a string of at most " + LONGEST_NAME + " characters");
            }
            required.add(name.node().textValue());
            properties.putIfAbsent(name.node().textValue(), additional());
        }
        return required;
    }

    private SchemaNode additional() {
        return schema.has("additionalProperties")
                ? schema.child("additionalProperties")
                : new SchemaNode(BooleanNode.TRUE, schema.path(), document);
    }

    private Expression further(Map<String, SchemaNode> properties) throws GrammarException {
        return Json.member(
                Json.stringOtherThan(List.copyOf(properties.keySet())), document.expression(additional(), depth + 1));
    }

    private static boolean isFalse(JsonNode node) {
        return node.isBoolean() && !node.booleanValue();
    }
}
