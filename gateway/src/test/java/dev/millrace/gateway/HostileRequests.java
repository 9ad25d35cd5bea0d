package dev.millrace.gateway;

import static dev.millrace.gateway.FuzzTest.CANARY;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A client of the HTTP API that means no good. Owned by one thread. */
final class HostileRequests {
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3}) ");
    private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");
    /** In the middle of a stream. */
    private static final Pattern FAILURE = Pattern.compile("(?m)^data: (\\{\"error\":.*)$");

    private static final String LAST = "GET /v1/models HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    private static final int TOO_MANY_BYTES = 17 << 20;

    private static final List<String> METHODS =
            List.of("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PRI", "get", "X");
    private static final List<String> PATHS = List.of(
            "/v1/chat/completions",
            "/v1/models",
            "/v1/models/demo",
            "/v1/models/%" + CANARY,
            "/v1/models/%zz%ff%00",
            "/v1/models/../../etc/passwd",
            "/v1/responses",
            "/v1/" + CANARY,
            "/openapi.json?" + CANARY,
            "/",
            "//",
            "/index.html",
            "/../../" + CANARY,
            "/%2e%2e/%00",
            "*",
            "",
            "?",
            "http://[::1/" + CANARY,
            "http://h/v1/models",
            "h:1",
            "/" + "a".repeat(5000));
    private static final List<String> HEADERS = List.of(
            "Content-Type: application/json",
            "Content-Type: application/json; charset=utf-16",
            "Content-Type: multipart/form-data; boundary=x",
            "Content-Type:",
            "Content-Length: 0",
            "Content-Length: -1",
            "Content-Length: 99999999999999999999",
            "Content-Length: 2\r\nContent-Length: 3",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 3",
            "Expect: 100-continue",
            "Expect: " + CANARY,
            "Connection: close",
            "Connection: upgrade",
            "Upgrade: websocket",
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
            "Sec-WebSocket-Version: 99",
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x",
            "Sec-WebSocket-Extensions: permessage-deflate; " + CANARY,
            "Origin: " + CANARY,
            "Origin: null",
            "Origin: http://h",
            "Access-Control-Request-Headers: " + CANARY,
            "Authorization: Bearer " + CANARY,
            "Host:",
            "If-None-Match: *",
            "Range: bytes=0-1",
            "Accept-Encoding: gzip",
            "Cookie: " + CANARY + "=\u00e9;;=",
            ": x",
            CANARY,
            " folded",
            "X: a\u0000b",
            "X\u00e9: 1",
            "X: " + "y".repeat(9000));

    private final int port;
    private final Random random;
    private final OpenApi document;
    private final JsonMutator mutator;

    /** @param document that what is refused has to agree with */
    HostileRequests(int port, Random random, OpenApi document) {
        this.port = port;
        this.random = random;
        this.document = document;
        this.mutator = new JsonMutator(random);
    }

    /** Sends a request or some, hears what comes of it, and says how many they were. */
    int attack() throws IOException {
        int kind = random.nextInt(1000);
        if (kind < 600) {
            return pipeline();
        } else if (kind < 800) {
            exchange(head(), 0);
        } else if (kind < 900) {
            exchange(brokenBody(), 0);
        } else if (kind < 940) {
            exchange(junk(), 0);
        } else if (kind < 970) {
            dribble();
        } else if (kind < 998) {
            leave();
        } else {
            assertThat(exchange(oversized(), 0)).startsWith("HTTP/1.1 413 ");
        }
        return 1;
    }

    /** Requests whose bodies are hostile and whose framing is right: every one has its answer. */
    private int pipeline() throws IOException {
        int requests = random.nextInt(4) == 0 ? 2 + random.nextInt(6) : 1;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < requests; i++) {
            all.writeBytes(post(mutator.mutate(valid())));
        }
        all.writeBytes(LAST.getBytes(ISO_8859_1));
        try (Wire wire = new Wire(port)) {
            wire.write(all.toByteArray());
            check(wire.readAll(), all.toByteArray(), requests + 1);
        }
        return requests;
    }

    private static JsonObject valid() {
        JsonArray parts =
                new JsonArray().add(new JsonObject().put("type", "text").put("text", CANARY));
        JsonArray messages = new JsonArray()
                .add(new JsonObject().put("role", "system").put("content", CANARY))
                .add(new JsonObject().put("role", "user").put("content", parts));
        JsonObject schema = new JsonObject().put("name", CANARY).put("schema", new JsonObject());
        return SamplingFields.all()
                .put("messages", messages)
                .put("model", "demo")
                .put("n", 2)
                .put("stream", true)
                .put("stream_options", new JsonObject().put("include_usage", true))
                .put("max_tokens", 9)
                .put("logprobs", true)
                .put("top_logprobs", 1)
                .put(
                        "response_format",
                        new JsonObject().put("type", "json_schema").put("json_schema", schema))
                .put("conversation", CANARY)
                .put("prompt_cache_key", CANARY)
                .put("user", CANARY)
                .put("metadata", new JsonObject().put(CANARY, CANARY))
                .put("tools", new JsonArray())
                .put("store", false);
    }

    private byte[] post(byte[] body) {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n";
        if (random.nextBoolean()) {
            request.writeBytes((head + "Content-Length: " + body.length + "\r\n\r\n").getBytes(ISO_8859_1));
            request.writeBytes(body);
        } else {
            request.writeBytes((head + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
            int at = random.nextInt(body.length + 1);
            chunk(request, Arrays.copyOf(body, at));
            chunk(request, Arrays.copyOfRange(body, at, body.length));
            request.writeBytes(("0\r\nX-Trailer: " + CANARY + "\r\n\r\n").getBytes(ISO_8859_1));
        }
        return request.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream request, byte[] bytes) {
        if (bytes.length > 0) {
            request.writeBytes((Integer.toHexString(bytes.length) + ";x=" + CANARY + "\r\n").getBytes(ISO_8859_1));
            request.writeBytes(bytes);
            request.writeBytes("\r\n".getBytes(ISO_8859_1));
        }
    }

    private byte[] head() {
        StringBuilder head = new StringBuilder(pick(METHODS))
                .append(random.nextInt(20) == 0 ? "" : " ")
                .append(pick(PATHS))
                .append(' ')
                .append(
                        random.nextInt(8) == 0
                                ? pick(List.of("HTTP/9.9", "HTTP/1.0", "HTTP/", CANARY, ""))
                                : "HTTP/1.1")
                .append("\r\n");
        for (int i = random.nextInt(5); i > 0; i--) {
            head.append(pick(HEADERS)).append("\r\n");
        }
        return head.append("\r\n")
                .append(random.nextInt(3) == 0 ? CANARY : "")
                .toString()
                .getBytes(ISO_8859_1);
    }

    private byte[] brokenBody() {
        String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n";
        String body = valid().encode();
        String request = switch (random.nextInt(5)) {
            case 0 -> head + "Content-Length: " + body.length() * 2 + "\r\n\r\n" + body;
            case 1 -> head + "Content-Length: " + body.length() / 2 + "\r\n\r\n" + body;
            case 2 -> head + "Transfer-Encoding: chunked\r\n\r\n" + CANARY + "\r\n" + body;
            case 3 -> head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + body;
            default -> head + "Transfer-Encoding: chunked\r\n\r\n-5\r\n" + body + "\r\n0\r\n\r\n";
        };
        return request.getBytes(UTF_8);
    }

    private byte[] junk() {
        byte[] junk = new byte[1 + random.nextInt(300)];
        random.nextBytes(junk);
        return junk;
    }

    private static byte[] oversized() {
        byte[] body = new byte[TOO_MANY_BYTES];
        Arrays.fill(body, (byte) ' ');
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(("POST /v1/chat/completions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length + "\r\nConnection: close\r\n\r\n")
                .getBytes(ISO_8859_1));
        request.writeBytes(body);
        return request.toByteArray();
    }

    /** Byte by byte. */
    private void dribble() throws IOException {
        byte[] request = post(mutator.mutate(HttpChat.question().put("user", CANARY)));
        try (Wire wire = new Wire(port)) {
            for (byte one : request) {
                wire.write(new byte[] {one});
            }
            wire.write(LAST.getBytes(ISO_8859_1));
            check(wire.readAll(), request, 2);
        }
    }

    /** In the middle of the request, or of the answer. */
    private void leave() throws IOException {
        byte[] request = post(valid().encode().getBytes(UTF_8));
        Wire wire = new Wire(port);
        wire.write(random.nextBoolean() ? request : Arrays.copyOf(request, random.nextInt(request.length)));
        if (random.nextBoolean()) {
            wire.reset();
        } else {
            wire.close();
        }
    }

    /** What is answered, or that nothing is, before the connection ends. */
    private String exchange(byte[] request, int leastAnswers) throws IOException {
        try (Wire wire = new Wire(port)) {
            wire.write(request);
            wire.endOutput();
            byte[] answer = wire.readAll();
            check(answer, request, leastAnswers);
            return new String(answer, UTF_8);
        }
    }

    private void check(byte[] answer, byte[] request, int leastAnswers) throws IOException {
        String text = new String(answer, ISO_8859_1);
        Matcher status = STATUS.matcher(text);
        int answers = 0;
        while (status.find()) {
            answers++;
            if (status.group(1).compareTo("400") >= 0) {
                checkRefusal(text.substring(status.start()), request);
            }
        }
        Matcher failure = FAILURE.matcher(text);
        while (failure.find()) {
            checkError(failure.group(1), request);
        }
        assertThat(answers)
                .as("answers to %s: %s", new String(request, ISO_8859_1), text)
                .isGreaterThanOrEqualTo(leastAnswers);
    }

    /** Only one in JSON is the API's own. */
    private void checkRefusal(String answers, byte[] request) throws IOException {
        String[] answer = answers.split("\r\n\r\n", 2);
        Matcher length = LENGTH.matcher(answer[0]);
        boolean json = answer[0].contains("application/json");
        assertThat(json || !answer[0].matches("(?s)HTTP/1\\.[01] 5.*"))
                .as("%s to %s", answers, new String(request, ISO_8859_1))
                .isTrue();
        if (json && length.find() && answer[1].startsWith("{")) {
            checkError(answer[1].substring(0, Integer.parseInt(length.group(1))), request);
        }
    }

    private void checkError(String latin1, byte[] request) throws IOException {
        assertThat(document.faults("Error", new String(latin1.getBytes(ISO_8859_1), UTF_8)))
                .as("%s to %s", latin1, new String(request, ISO_8859_1))
                .isEmpty();
    }

    private String pick(List<String> all) {
        return all.get(random.nextInt(all.size()));
    }
}
