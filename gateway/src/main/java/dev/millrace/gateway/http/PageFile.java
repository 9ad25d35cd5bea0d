package dev.millrace.gateway.http;

import io.vertx.core.buffer.Buffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/**
 * One file of the chat page. Immutable.
 *
 * @param etag of its content
 * @param cacheControl a file whose name has a hash of its content never changes; any other is asked for again
 */
record PageFile(Buffer content, String contentType, String etag, String cacheControl) {
    /** Where the page's build puts files with a hash in their names. */
    private static final String HASHED = "/assets/";

    private static final Map<String, String> CONTENT_TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "json", "application/json",
            "webmanifest", "application/manifest+json",
            "svg", "image/svg+xml",
            "png", "image/png",
            "ico", "image/x-icon",
            "woff2", "font/woff2",
            "txt", "text/plain; charset=utf-8");

    /** @param path as in a URL, from the root of the page */
    static PageFile of(String path, byte[] content) {
        return new PageFile(
                Buffer.buffer(content),
                CONTENT_TYPES.getOrDefault(path.substring(path.lastIndexOf('.') + 1), "application/octet-stream"),
                '"' + HexFormat.of().formatHex(sha256(content), 0, 16) + '"',
                path.startsWith(HASHED) ? "public, max-age=31536000, immutable" : "no-cache");
    }

    private static byte[] sha256(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
