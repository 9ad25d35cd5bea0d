package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.gateway.Gateway;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A reader of one response who appends what comes, and fails at an event that it has had. Owned by the test's thread;
 * only the sockets' queues are filled by others.
 */
final class Device {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final long PATIENCE_SECONDS = 30;

    /** One connection. What it still brings when the device has left it is lost. */
    private static final class Link implements WebSocket.Listener {
        final BlockingQueue<String> frames = new LinkedBlockingQueue<>();
        final WebSocket socket;
        private final StringBuilder partial = new StringBuilder();

        Link(Gateway gateway, ObjectNode opening) {
            URI address = URI.create("ws://127.0.0.1:" + gateway.httpPort() + "/v1/responses");
            socket = HTTP.newWebSocketBuilder().buildAsync(address, this).join();
            socket.sendText(opening.toString(), true).join();
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            partial.append(part);
            if (last) {
                frames.add(partial.toString());
                partial.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    private final StringBuilder text = new StringBuilder();
    private String cursor = "";
    private int last = -1;
    private Link link;

    private Device(Link link) {
        this.link = link;
    }

    /** Asks, and has been told that it is accepted. */
    static Device asking(Gateway gateway) throws IOException, InterruptedException {
        Device device = new Device(new Link(
                gateway, JSON.createObjectNode().put("type", "response.create").put("input", "Count")));
        device.next();
        return device;
    }

    /** Another that has as much as this one and goes on by itself, here. */
    Device another(Gateway gateway) {
        Device other = new Device(new Link(gateway, goingOn()));
        other.text.append(text);
        other.cursor = cursor;
        other.last = last;
        return other;
    }

    /** Leaves its gateway, without a word, for this one. */
    void moveTo(Gateway gateway) {
        link.socket.abort();
        link = new Link(gateway, goingOn());
    }

    private ObjectNode goingOn() {
        return JSON.createObjectNode()
                .put("type", "response.resume")
                .put("cursor", cursor)
                .put("starting_after", last);
    }

    /** Reads until its text has this in it. */
    void readTo(String part) throws IOException, InterruptedException {
        while (text.indexOf(part) < 0) {
            next();
        }
    }

    /** Reads to the end; gives the text that it has appended. */
    String readToEnd() throws IOException, InterruptedException {
        JsonNode event;
        do {
            event = next();
        } while (!event.get("type").asText().equals("response.completed"));
        assertThat(event.at("/response/output/0/content/0/text").asText()).isEqualTo(text.toString());
        link.socket.abort();
        return text.toString();
    }

    private JsonNode next() throws IOException, InterruptedException {
        String frame = link.frames.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(frame).as("an event behind %d", last).isNotNull();
        JsonNode event = JSON.readTree(frame);
        cursor = event.path("cursor").asText(cursor);
        if (!event.get("type").asText().equals("response.resumed")) {
            assertThat(event.path("sequence_number").asInt()).as(frame).isGreaterThan(last);
            last = event.path("sequence_number").asInt();
            text.append(event.path("delta").asText());
        }
        return event;
    }
}
