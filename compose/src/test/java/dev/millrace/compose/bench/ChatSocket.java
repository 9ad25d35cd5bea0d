package dev.millrace.compose.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.schemas.event.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A chat client of the gateway. A thread of the HTTP client receives, the benchmark's thread asks. */
final class ChatSocket implements FirstText, WebSocket.Listener, AutoCloseable {

    private static final long PATIENCE_S = 30;

    private record Received(String event, long nanos) {}

    private final ObjectMapper mapper = new ObjectMapper();
    private final BlockingQueue<Received> events = new LinkedBlockingQueue<>();
    private final StringBuilder partial = new StringBuilder();
    private final WebSocket socket;

    ChatSocket(URI uri) {
        socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(uri, this)
                .join();
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
        long nanos = System.nanoTime();
        partial.append(text);
        if (last) {
            events.add(new Received(partial.toString(), nanos));
            partial.setLength(0);
        }
        socket.request(1);
        return null;
    }

    @Override
    public long ask(Message message) throws Exception {
        String create = mapper.writeValueAsString(Map.of(
                "type",
                "response.create",
                "input",
                message.getContent(),
                "temperature",
                0,
                "max_new_tokens",
                FirstTokenBenchmark.TOKENS));
        long firstTextNanos = 0;
        long askedNanos = System.nanoTime();
        socket.sendText(create, true).join();
        while (true) {
            Received received = events.poll(PATIENCE_S, TimeUnit.SECONDS);
            if (received == null) {
                throw new IOException("no event for " + PATIENCE_S + " s");
            }
            switch (type(received.event())) {
                case "response.output_text.delta" ->
                    firstTextNanos = firstTextNanos == 0 ? received.nanos() : firstTextNanos;
                case "response.completed", "response.incomplete" -> {
                    return firstTextNanos - askedNanos;
                }
                case "response.failed", "error" -> throw new IOException(received.event());
                default -> {}
            }
        }
    }

    private String type(String event) {
        try {
            JsonNode json = mapper.readTree(event);
            return json.get("type").asText();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        socket.abort();
    }
}
