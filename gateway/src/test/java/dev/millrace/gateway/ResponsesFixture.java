package dev.millrace.gateway;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Responses over HTTP, with Kafka in memory and the test as the worker. Who goes leaves them a short grace period. */
final class ResponsesFixture implements AutoCloseable {
    static final Writer WRITER = new Writer(1000, 1);

    private static final SessionLimits LIMITS = new SessionLimits(4, 4 << 20, Duration.ofMillis(100));

    final FakeKafka kafka;
    final GatewayFixture gateway;
    final HttpChat http;

    ResponsesFixture() throws Exception {
        this(new FakeKafka(true));
    }

    ResponsesFixture(FakeKafka kafka) throws Exception {
        this.kafka = kafka;
        gateway = new GatewayFixture(LIMITS, kafka);
        http = new HttpChat(gateway.httpPort());
    }

    static JsonObject question() {
        return new JsonObject().put("input", "Hi");
    }

    /** Asks for an answer as events. */
    CompletableFuture<HttpResponse<InputStream>> stream() {
        return http.stream(
                http.post(HttpChat.RESPONSES, question().put("stream", true).encode())
                        .build());
    }

    /** Who answers the next prompt. */
    ReplyEvents worker() {
        return new ReplyEvents(kafka.awaitPrompt().getId(), WRITER);
    }

    /** @param query with its question mark, or empty */
    HttpResponse<String> get(String id, String query) throws Exception {
        return http.send(http.request("GET", path(id) + query).build());
    }

    /** Reads on behind what the query says. */
    CompletableFuture<HttpResponse<InputStream>> readOn(String id, String query) {
        return http.stream(http.request("GET", path(id) + query).build());
    }

    CompletableFuture<HttpResponse<InputStream>> cancel(String id) {
        return http.stream(http.request("POST", path(id) + "/cancel").build());
    }

    static String path(String id) {
        return HttpChat.RESPONSES + "/" + id;
    }

    @Override
    public void close() {
        gateway.close();
    }
}
