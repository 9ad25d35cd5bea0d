package dev.millrace.worker.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A schema, or a part of one, and where it stands.
 *
 * @param path a JSON pointer from the root, for people
 */
record SchemaNode(JsonNode node, String path, JsonSchema document) {
    SchemaNode child(String keyword) {
        return new SchemaNode(
                node.path(keyword), path + "/" + keyword.replace("~", "~0").replace("/", "~1"), document);
    }

    boolean has(String keyword) {
        return node.has(keyword);
    }

    List<String> keywords() {
        List<String> keywords = new ArrayList<>();
        node.fieldNames().forEachRemaining(keywords::add);
        return keywords;
    }

    String text(String keyword) throws GrammarException {
        SchemaNode child = child(keyword);
        if (!child.node.isTextual()) {
            throw child.error("must be a string");
        }
        return child.node.textValue();
    }

    /** A count, at least 0; the fallback where there is none. */
    int count(String keyword, int fallback) throws GrammarException {
        SchemaNode child = child(keyword);
        if (!has(keyword)) {
            return fallback;
        }
        if (!child.node.canConvertToExactIntegral() || !child.node.canConvertToInt() || child.node.intValue() < 0) {
            throw child.error("must be a whole number from 0 on");
        }
        return child.node.intValue();
    }

    /** The items of a list that is not empty. */
    List<SchemaNode> list(String keyword) throws GrammarException {
        SchemaNode child = child(keyword);
        if (!child.node.isArray() || child.node.isEmpty()) {
            throw child.error("must be a list of at least one item");
        }
        List<SchemaNode> items = new ArrayList<>();
        for (int i = 0; i < child.node.size(); i++) {
            items.add(new SchemaNode(child.node.get(i), child.path + "/" + i, document));
        }
        return items;
    }

    GrammarException error(String complaint) {
        return new GrammarException("at " + path + " " + complaint);
    }
}
