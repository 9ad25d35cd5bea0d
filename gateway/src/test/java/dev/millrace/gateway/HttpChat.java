package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.ValidationMessage;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client of the HTTP API. What it hears has to agree with the document that the gateway serves. */
final class HttpChat {
    static final String COMPLETIONS = "/v1/chat/completions";
    static final String RESPONSES = "/v1/responses";
    static final String CONVERSATIONS = "/v1/conversations";
    private static final long PATIENCE_SECONDS = 20;
    private static final String DATA = "data: ";
    /** Neither joining nor reading heeds an interrupt. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final HttpClient client = HttpClient.newHttpClient();
    private final String address;
    private final OpenApi document;

    HttpChat(int port) throws Exception {
        address = "http://127.0.0.1:" + port;
        document = OpenApi.parse(client.send(
                        HttpRequest.newBuilder(URI.create(address + "/openapi.json"))
                                .build(),
                        BodyHandlers.ofString())
                .body());
    }

    OpenApi document() {
        return document;
    }

    static JsonObject question() {
        JsonObject message = new JsonObject().put("role", "user").put("content", "Hi");
        return new JsonObject().put("messages", new JsonArray().add(message));
    }

    HttpRequest.Builder post(String body) {
        return post(COMPLETIONS, body);
    }

    HttpRequest.Builder post(String path, String body) {
        return HttpRequest.newBuilder(URI.create(address + path))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer whatever")
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    HttpRequest.Builder request(String method, String path) {
        return HttpRequest.newBuilder(URI.create(address + path))
                .timeout(PATIENCE)
                .method(method, HttpRequest.BodyPublishers.noBody());
    }

    /** Whole answers, errors among them. */
    HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        String path = request.uri().getPath();
        if (!response.body().isEmpty()
                && (path.equals(COMPLETIONS) || path.startsWith(RESPONSES) || path.startsWith(CONVERSATIONS))) {
            assertThat(faults(response, response.body())).as(response.body()).isEmpty();
        }
        return response;
    }

    private Set<ValidationMessage> faults(HttpResponse<?> response, String json) throws IOException {
        String method = response.request().method().toLowerCase(Locale.ROOT);
        String path = response.request()
                .uri()
                .getPath()
                .replaceFirst("(?<=/responses/)[^/]+", "{response_id}")
                .replaceFirst("(?<=/conversations/)[^/]+", "{conversation_id}");
        return document.faults(method, path, response.statusCode(), type(response), json);
    }

    CompletableFuture<HttpResponse<String>> ask(JsonObject body) {
        return client.sendAsync(post(body.encode()).build(), BodyHandlers.ofString());
    }

    CompletableFuture<HttpResponse<String>> respond(JsonObject body) {
        return sendAsync(post(RESPONSES, body.encode()).build());
    }

    CompletableFuture<HttpResponse<String>> sendAsync(HttpRequest request) {
        return client.sendAsync(request, BodyHandlers.ofString()).orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    CompletableFuture<HttpResponse<InputStream>> stream(HttpRequest request) {
        return client.sendAsync(request, BodyHandlers.ofInputStream());
    }

    CompletableFuture<HttpResponse<InputStream>> stream(JsonObject body) {
        HttpRequest request = post(body.copy().put("stream", true).encode()).build();
        return client.sendAsync(request, BodyHandlers.ofInputStream());
    }

    private static String type(HttpResponse<?> response) {
        return response.headers().firstValue("Content-Type").orElse("").replaceFirst(";.*", "");
    }

    /** The data of all events up to the end of the stream, which has to come. */
    List<String> events(HttpResponse<InputStream> response) throws IOException {
        List<String> events = CompletableFuture.supplyAsync(() -> read(response))
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
        for (String event : events) {
            if (!event.equals("[DONE]")) {
                assertThat(faults(response, event)).as(event).isEmpty();
            }
        }
        return events;
    }

    /** A response that is told of whole. */
    JsonObject response(HttpResponse<String> answer) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(document.faults("Response", answer.body())).isEmpty();
        return new JsonObject(answer.body());
    }

    List<JsonObject> responseEvents(HttpResponse<InputStream> response) throws IOException {
        return events(response).stream().map(JsonObject::new).toList();
    }

    static List<Integer> numbers(List<JsonObject> events) {
        return events.stream().map(event -> event.getInteger("sequence_number")).toList();
    }

    static String text(JsonObject response) {
        return response.getJsonArray("output")
                .getJsonObject(0)
                .getJsonArray("content")
                .getJsonObject(0)
                .getString("text");
    }

    static String code(HttpResponse<String> refused) {
        return new JsonObject(refused.body()).getJsonObject("error").getString("code");
    }

    private static List<String> read(HttpResponse<InputStream> response) {
        List<String> events = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(DATA)) {
                    events.add(line.substring(DATA.length()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return events;
    }
}
