package dev.millrace.gateway.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/** Serves the chat page. Owned by one event loop. */
final class PageHandler {
    /** The page loads everything from here, runs in no frame, and talks to nobody else. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'self'; object-src 'none'; base-uri 'none'; " + "form-action 'none'; frame-ancestors 'none'";

    private final PageFiles files;

    PageHandler(PageFiles files) {
        this.files = files;
    }

    void onRequest(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        response.putHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY)
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Resource-Policy", "same-origin");
        boolean head = request.method().equals(HttpMethod.HEAD);
        if (!head && !request.method().equals(HttpMethod.GET)) {
            response.putHeader(HttpHeaders.ALLOW, "GET, HEAD");
            answer(response, 405, "Only GET and HEAD\n");
            return;
        }
        PageFile file = files.find(request.path());
        if (file == null) {
            answer(response, 404, files.isEmpty() ? "This gateway was built without a page\n" : "Not found\n");
            return;
        }
        response.putHeader(HttpHeaders.ETAG, file.etag()).putHeader(HttpHeaders.CACHE_CONTROL, file.cacheControl());
        if (file.etag().equals(request.getHeader(HttpHeaders.IF_NONE_MATCH))) {
            response.setStatusCode(304).end();
        } else {
            send(response, file, head);
        }
    }

    private static void send(HttpServerResponse response, PageFile file, boolean head) {
        response.putHeader(HttpHeaders.CONTENT_TYPE, file.contentType());
        if (head) {
            response.putHeader(
                            HttpHeaders.CONTENT_LENGTH,
                            Integer.toString(file.content().length()))
                    .end();
        } else {
            response.end(file.content());
        }
    }

    private static void answer(HttpServerResponse response, int status, String text) {
        response.setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(text);
    }
}
