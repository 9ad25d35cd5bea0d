package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of the dialect, on a real socket. What it says in objects and all that it hears has to agree with the document. */
final class ChatClient {
    private static final int MOST_BYTES = 64 << 20;
    /** Small, so that a client which does not read is soon felt. */
    private static final int RECEIVE_BYTES = 64 << 10;

    private static final long PATIENCE_SECONDS = 20;

    /** Held on to: Vert.x closes the connections of a client that nobody refers to. */
    private final WebSocketClient client;

    private final WebSocket socket;
    private final BlockingQueue<JsonObject> frames = new LinkedBlockingQueue<>();

    private final AsyncApi document;

    private ChatClient(WebSocketClient client, WebSocketConnectOptions address, AsyncApi document) {
        this.client = client;
        this.document = document;
        this.socket = join(client.connect(address));
        socket.textMessageHandler(frame -> frames.add(new JsonObject(frame)));
    }

    static ChatClient connect(Vertx vertx, WebSocketConnectOptions address, AsyncApi document) {
        WebSocketClientOptions options = new WebSocketClientOptions()
                .setMaxFrameSize(MOST_BYTES)
                .setMaxMessageSize(MOST_BYTES)
                .setReceiveBufferSize(RECEIVE_BYTES);
        return new ChatClient(vertx.createWebSocketClient(options), address, document);
    }

    static <T> T join(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }

    WebSocket socket() {
        return socket;
    }

    void say(JsonObject event) {
        agrees("hearClients", event);
        say(event.encode());
    }

    void say(String frame) {
        join(socket.writeTextMessage(frame));
    }

    void ask(String input) {
        say(new JsonObject().put("type", "response.create").put("input", input));
    }

    JsonObject next() throws InterruptedException {
        JsonObject frame = frames.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(frame).as("a frame").isNotNull();
        agrees("tellClients", frame);
        return frame;
    }

    private void agrees(String operation, JsonObject event) {
        try {
            assertThat(document.faults(operation, event.encode()))
                    .as("faults of %s", event.getString("type"))
                    .isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next frame, which is of this type. */
    JsonObject next(String type) throws InterruptedException {
        JsonObject frame = next();
        assertThat(frame.getString("type")).as(frame.encode()).isEqualTo(type);
        return frame;
    }

    /** All frames up to the first of this type. */
    List<JsonObject> upTo(String type) throws InterruptedException {
        List<JsonObject> all = new ArrayList<>();
        do {
            all.add(next());
        } while (!all.get(all.size() - 1).getString("type").equals(type));
        return all;
    }

    static List<String> types(List<JsonObject> frames) {
        return frames.stream().map(frame -> frame.getString("type")).toList();
    }

    /** What a client shows that appends deltas and starts over when told to. */
    static String shown(List<JsonObject> frames) {
        StringBuilder text = new StringBuilder();
        for (JsonObject frame : frames) {
            switch (frame.getString("type")) {
                case "response.output_text.delta" -> text.append(frame.getString("delta"));
                case "response.restarted" -> text.setLength(0);
                default -> {}
            }
        }
        return text.toString();
    }

    void close() {
        join(socket.close());
        join(client.close());
    }
}
