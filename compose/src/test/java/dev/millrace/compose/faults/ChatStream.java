package dev.millrace.compose.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.schemas.event.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A chat client with one question. When its socket is lost it connects to the next gateway, after a wait of its own, and
 * resumes behind the last event that it has. Its monitor guards it: the threads of the HTTP client meet the main one.
 */
final class ChatStream implements Seen {

    static final int RECONNECT_MS = 100;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** The address of each, by its number, which may be any from 0 on. */
    private final IntFunction<URI> gateways;

    private final Question question;
    private final StringBuilder text = new StringBuilder();
    /** When text or the terminal came, in {@link System#nanoTime}. */
    private final List<Long> arrivals = new ArrayList<>();

    private final @Nullable String firstCursor;
    private @Nullable String cursor;
    private int sequence = -1;
    private int gateway;
    private @Nullable Link link;
    private boolean leavesAfterEachFrame;
    private int lefts;
    private boolean resumed;
    private boolean continued;
    private int gaps;
    private int repeats;
    private int restarts;
    private int tokens;
    private boolean wrong;
    private @Nullable JsonNode terminal;

    private ChatStream(IntFunction<URI> gateways, Question question, int gateway, @Nullable String cursor) {
        this.gateways = gateways;
        this.question = question;
        this.gateway = gateway;
        this.firstCursor = cursor;
        this.cursor = cursor;
    }

    /** One that asks. */
    static ChatStream ask(IntFunction<URI> gateways, Question question, int gateway) {
        ChatStream stream = new ChatStream(gateways, question, gateway, null);
        stream.connect();
        return stream;
    }

    /** One that comes later, elsewhere, and wants to see all that another one saw. */
    synchronized ChatStream again() {
        ChatStream late = new ChatStream(gateways, question, gateway + 1, cursor);
        late.connect();
        return late;
    }

    /** One socket. Of one that was left nothing more is heard. */
    private final class Link implements WebSocket.Listener {
        private final StringBuilder partial = new StringBuilder();

        @Override
        public void onOpen(WebSocket socket) {
            var unused = socket.sendText(opening(), true);
            socket.request(1);
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            partial.append(part);
            if (last) {
                String frame = partial.toString();
                partial.setLength(0);
                onFrame(this, socket, frame);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            onLost(this);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable failure) {
            onLost(this);
        }
    }

    private synchronized void connect() {
        Link next = new Link();
        link = next;
        var unused = HTTP.newWebSocketBuilder()
                .buildAsync(gateways.apply(gateway), next)
                .whenComplete((socket, failure) -> {
                    if (failure != null) {
                        onLost(next);
                    }
                });
    }

    private synchronized void onLost(Link lost) {
        if (lost == link && terminal == null) {
            link = null;
            gateway++;
            CompletableFuture.delayedExecutor(RECONNECT_MS, TimeUnit.MILLISECONDS)
                    .execute(this::connect);
        }
    }

    private synchronized String opening() {
        ObjectNode event = JSON.createObjectNode();
        if (cursor != null) {
            resumed = true;
            event.put("type", "response.resume").put("cursor", cursor);
            return (sequence < 0 ? event : event.put("starting_after", sequence)).toString();
        }
        ArrayNode input = event.put("type", "response.create").putArray("input");
        for (Message message : question.messages()) {
            input.addObject()
                    .put("role", message.getRole().name().toLowerCase(Locale.ROOT))
                    .put("content", message.getContent());
        }
        return event.put("temperature", question.sampling().getTemperature())
                .put("seed", question.sampling().getSeed())
                .put("max_new_tokens", question.sampling().getMaxNewTokens())
                .toString();
    }

    private synchronized void onFrame(Link from, WebSocket socket, String frame) {
        if (from != link || terminal != null) {
            return;
        }
        long nowNanos = System.nanoTime();
        JsonNode event = parse(frame);
        String type = event.get("type").asText();
        if (event.hasNonNull("cursor")) {
            cursor = event.get("cursor").asText();
        }
        if (!type.equals("response.resumed")) {
            repeats += event.get("sequence_number").asInt() <= sequence ? 1 : 0;
            sequence = event.get("sequence_number").asInt();
            onEvent(type, event, nowNanos);
        }
        if (terminal != null) {
            socket.abort();
        } else if (leavesAfterEachFrame && !type.equals("response.resumed")) {
            lefts++;
            socket.abort();
            onLost(from);
        }
        notifyAll();
    }

    private void onEvent(String type, JsonNode event, long nowNanos) {
        switch (type) {
            case "response.output_text.delta" -> onText(event.get("delta").asText(), nowNanos);
            case "response.restarted" -> {
                restarts++;
                text.setLength(0);
            }
            case "response.output_text.done" ->
                wrong |= !event.get("text").asText().contentEquals(text);
            case "response.completed", "response.incomplete" -> {
                arrivals.add(nowNanos);
                terminal = event;
                tokens = event.at("/response/usage/output_tokens").asInt();
            }
            case "response.failed", "error" -> {
                wrong = true;
                terminal = event;
            }
            default -> {}
        }
    }

    private void onText(String delta, long nowNanos) {
        String expected = expected();
        if (!expected.startsWith(delta, text.length())) {
            boolean later = expected.indexOf(delta, text.length()) > 0;
            gaps += later ? 1 : 0;
            repeats += later ? 0 : 1;
        }
        arrivals.add(nowNanos);
        text.append(delta);
        continued |= resumed;
    }

    private String expected() {
        return question.answers().get(0).text();
    }

    private static JsonNode parse(String frame) {
        try {
            return JSON.readTree(frame);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From its next frame on. */
    synchronized void leaveAfterEachFrame() {
        leavesAfterEachFrame = true;
    }

    synchronized int lefts() {
        return lefts;
    }

    synchronized boolean started() {
        return !arrivals.isEmpty();
    }

    synchronized boolean at(int number) {
        return terminal == null && gateway % Gateways.COUNT == number;
    }

    /** Whether text has come after a resume, or the end. */
    synchronized boolean recovered() {
        return terminal != null || continued;
    }

    /** Whether another client has been told the same text. */
    synchronized boolean agreesWith(ChatStream other) {
        synchronized (other) {
            return text.toString().contentEquals(other.text);
        }
    }

    @Override
    public synchronized boolean done() {
        return terminal != null;
    }

    /** Who has kept its socket was not. */
    @Override
    public synchronized boolean hitBy(long faultNanos) {
        return continued && arrivals.get(0) < faultNanos && (terminal == null || last() > faultNanos);
    }

    private long last() {
        return arrivals.get(arrivals.size() - 1);
    }

    @Override
    public synchronized long silenceNanos(long faultNanos) {
        long longest = 0;
        for (int i = 1; i < arrivals.size(); i++) {
            if (arrivals.get(i) > faultNanos) {
                longest = Math.max(longest, arrivals.get(i) - arrivals.get(i - 1));
            }
        }
        return longest;
    }

    @Override
    public synchronized int delivered() {
        return tokens;
    }

    @Override
    public int wasted() {
        return 0;
    }

    @Override
    public synchronized boolean continued() {
        return continued && firstCursor == null;
    }

    @Override
    public synchronized int restarts() {
        return restarts;
    }

    @Override
    public boolean historyLost() {
        return false;
    }

    @Override
    public synchronized int gaps() {
        return gaps;
    }

    @Override
    public synchronized int repeats() {
        return repeats;
    }

    /** Characters. */
    @Override
    public synchronized int lost() {
        return terminal == null ? 0 : Math.max(0, expected().length() - text.length());
    }

    @Override
    public synchronized boolean unequal() {
        return wrong || (terminal != null && !expected().contentEquals(text));
    }

    @Override
    public synchronized String toString() {
        return "\"%s\" instead of \"%s\"; last event %d, %s".formatted(text, expected(), sequence, terminal);
    }
}
