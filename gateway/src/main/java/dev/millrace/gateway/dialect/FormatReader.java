package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.UNSUPPORTED_VALUE;

import dev.millrace.schemas.event.ResponseFormat;
import dev.millrace.schemas.event.ResponseFormatType;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the answer shall keep to: {@code text.format}, as in OpenAI's Responses, or {@code response_format}, as in
 * chat completions. Workers look into the schema.
 */
final class FormatReader {
    private static final int LONGEST_NAME = 64;

    private FormatReader() {}

    static @Nullable ResponseFormat read(Fields fields) throws BadEventException {
        Fields text = fields.object("text");
        Fields format = text == null ? null : text.object("format");
        if (text != null) {
            text.refuseUnknown();
        }
        return format == null ? null : read(format, format);
    }

    /** Here what belongs to a schema stands in an object of its own. */
    static @Nullable ResponseFormat readChat(Fields fields) throws BadEventException {
        Fields format = fields.object("response_format");
        if (format == null) {
            return null;
        }
        Fields schema = format.object("json_schema");
        ResponseFormat read = read(format, schema == null ? format : schema);
        if (schema != null) {
            schema.refuseUnknown();
        }
        return read;
    }

    private static @Nullable ResponseFormat read(Fields format, Fields schema) throws BadEventException {
        String type = format.required("type", format.text("type"));
        ResponseFormat read = switch (type) {
            case "text" -> null;
            case "json_object" -> new ResponseFormat(ResponseFormatType.JSON_OBJECT, null);
            case "json_schema" -> schema(schema);
            default ->
                throw new BadEventException(
                        UNSUPPORTED_VALUE,
                        format.path("type"),
                        format.path("type") + " must be one of text, json_object, json_schema");
        };
        format.refuseUnknown();
        return read;
    }

    /** Kept to whether it is called strict or not. The name and the description are the client's own. */
    private static ResponseFormat schema(Fields format) throws BadEventException {
        format.name("name", LONGEST_NAME);
        format.text("description");
        format.flag("strict");
        Object schema = format.required("schema", format.any("schema"));
        if (!(schema instanceof JsonObject object)) {
            throw format.wrongType("schema", "an object");
        }
        return new ResponseFormat(ResponseFormatType.JSON_SCHEMA, object.encode());
    }
}
