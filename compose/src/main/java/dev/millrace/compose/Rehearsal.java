package dev.millrace.compose;

import dev.millrace.compose.ask.Ask;
import dev.millrace.gateway.WarmUp;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Starts the stack, asks it one question over Kafka and one over WebSocket, resumes the answer, stops it, and warms up
 * as a gateway does, so that the build can archive the classes that this loads: {@code Rehearsal MODEL}. The build fails
 * where any of it does not work.
 */
final class Rehearsal {

    private static final long PATIENCE_S = 60;

    private Rehearsal() {}

    public static void main(String[] arguments)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Path data = Files.createTempDirectory("millrace-rehearsal");
        try {
            LocalStack stack = new LocalStack(data, 0, 0, Path.of(arguments[0]), Map.of());
            LocalStack.Running running = stack.start();
            askOverKafka(stack.kafkaPort());
            askOverWebSocket(running.url());
            stack.close();
            warmUp();
        } finally {
            delete(data);
        }
        System.exit(0);
    }

    /** As gateways do that are processes of their own. */
    private static void warmUp() throws InterruptedException, ExecutionException {
        WarmUp.run(Vertx.vertx(), Duration.ofSeconds(PATIENCE_S))
                .toCompletionStage()
                .toCompletableFuture()
                .get();
    }

    private static void askOverKafka(int port) {
        Ask.ask(
                "Rehearsal".getBytes(StandardCharsets.UTF_8),
                Map.of("KAFKA_PORT", String.valueOf(port), "MAX_NEW_TOKENS", "16"),
                OutputStream.nullOutputStream(),
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    }

    private static void askOverWebSocket(String url)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        HttpClient client = HttpClient.newHttpClient();
        int page = client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.discarding())
                .statusCode();
        if (page != 200) {
            throw new IOException("the page is answered with " + page);
        }
        URI address = URI.create(url.replaceFirst("http", "ws") + "/v1/responses");
        JsonObject question = JsonObject.of("type", "response.create", "input", "Rehearsal", "max_new_tokens", 16);
        String cursor = converse(client, address, question);
        converse(client, address, JsonObject.of("type", "response.resume", "cursor", cursor));
    }

    /** Returns the first cursor that came, when the response has ended. */
    private static String converse(HttpClient client, URI address, JsonObject opening)
            throws InterruptedException, ExecutionException, TimeoutException {
        Listener listener = new Listener();
        WebSocket socket =
                client.newWebSocketBuilder().buildAsync(address, listener).get(PATIENCE_S, TimeUnit.SECONDS);
        socket.sendText(opening.encode(), true).get(PATIENCE_S, TimeUnit.SECONDS);
        String cursor = listener.ended.get(PATIENCE_S, TimeUnit.SECONDS);
        socket.abort();
        return cursor;
    }

    /** Waits for a response's end. Called by one thread of the HTTP client at a time. */
    private static final class Listener implements WebSocket.Listener {

        private final StringBuilder event = new StringBuilder();
        private @Nullable String cursor;
        /** With {@link #cursor}. */
        private final CompletableFuture<String> ended = new CompletableFuture<>();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            event.append(text);
            if (last) {
                onEvent(new JsonObject(event.toString()));
                event.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private void onEvent(JsonObject event) {
            if (cursor == null) {
                cursor = event.getString("cursor");
            }
            switch (event.getString("type")) {
                case "response.completed", "response.incomplete" -> ended.complete(cursor);
                case "response.failed", "error" ->
                    ended.completeExceptionally(new IOException("the gateway answers " + event));
                default -> {}
            }
        }

        @Override
        public void onError(WebSocket socket, Throwable failure) {
            ended.completeExceptionally(failure);
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
