package dev.millrace.gateway;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The OpenAPI document, which stands on the class path. */
final class ApiDocument {
    private static final String NAME = "openapi.json";

    private ApiDocument() {}

    static Buffer load() {
        try (InputStream file = ApiDocument.class.getResourceAsStream(NAME)) {
            if (file == null) {
                throw new IllegalStateException("the gateway was built without " + NAME);
            }
            return Buffer.buffer(file.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
