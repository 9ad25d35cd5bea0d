package dev.millrace.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The document that the gateway serves, which traffic has to agree with. */
record OpenApi(JsonNode document, Map<String, JsonSchema> schemas) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static OpenApi parse(String document) throws IOException {
        return new OpenApi(JSON.readTree(document), new ConcurrentHashMap<>());
    }

    /** What is wrong with this JSON as one of the schemas. */
    Set<ValidationMessage> faults(String schema, String json) throws IOException {
        return schemas.computeIfAbsent(schema, this::schema).validate(JSON.readTree(json));
    }

    /** What is wrong with the body of an answer, by its status and type. */
    Set<ValidationMessage> faults(String method, String path, int status, String type, String json) throws IOException {
        JsonNode responses = document.at("/paths").path(path).path(method).path("responses");
        JsonNode response = responses.has(Integer.toString(status))
                ? responses.path(Integer.toString(status))
                : responses.path("default");
        String reference =
                response.path("content").path(type).path("schema").path("$ref").asText();
        if (reference.isEmpty()) {
            throw new AssertionError(
                    "the document knows nothing of " + method + " " + path + " " + status + " " + type);
        }
        return faults(reference.substring(reference.lastIndexOf('/') + 1), json);
    }

    private JsonSchema schema(String name) {
        ObjectNode root = JSON.createObjectNode();
        root.put("$ref", "#/components/schemas/" + name);
        root.set("components", document.get("components"));
        return JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(root);
    }
}
