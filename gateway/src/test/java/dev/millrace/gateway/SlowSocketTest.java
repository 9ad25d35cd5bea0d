package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A client that does not read. The operating system's buffers take some megabytes before anybody can know. */
class SlowSocketTest {
    private static final Writer WRITER = new Writer(1000, 1);
    private static final int MOST_WAITING_BYTES = 2 << 20;
    private static final String CHUNK = "x".repeat(64 << 10);
    private static final int CHUNKS_AT_ONCE = 8;
    /** Far more than all buffers together. */
    private static final int MOST_CHUNKS = 2_000;

    private static final SessionLimits LIMITS = new SessionLimits(4, MOST_WAITING_BYTES, Duration.ofMinutes(5));

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture(LIMITS, kafka);

    private final ChatClient slow = gateway.connect();
    private final ChatClient neighbour = gateway.connect();
    /** Of the slow client's answer, in the log. */
    private final List<ReplyEvent> said = new ArrayList<>();

    @AfterEach
    void readAgain() {
        slow.socket().resume(); // a client in this JVM that does not read would not notice that it is closed
    }

    @Test
    void catchesUpInFewFramesWhenItReadsAgain() throws Exception {
        ReplyEvents worker = ask(slow);
        kafka.reply(worker.claimed());
        slow.socket().pause();

        int chunks = fill(worker);
        kafka.reply(worker.finished(FinishReason.STOP, "end"));
        slow.socket().resume();
        List<JsonObject> frames = slow.upTo("response.completed");

        assertThat(ChatClient.shown(frames)).hasSize(chunks * CHUNK.length() + "end".length());
        assertThat(frames.stream().filter(frame -> frame.encode().length() > 7 * CHUNK.length()))
                .as("deltas that were held back and became one")
                .isNotEmpty();
        assertThat(gateway.metric("millrace_gateway_slow_sockets_closed_total")).isZero();
    }

    @Test
    void doesNotKeepTheGatewayFromStopping() throws Exception {
        ReplyEvents worker = ask(slow);
        kafka.reply(worker.claimed());
        slow.socket().pause();
        fill(worker);

        assertTimeout(Duration.ofSeconds(4), gateway::stop);
    }

    @Test
    void isClosedWhenTooMuchWaitsForIt() throws Exception {
        overflow();

        slow.socket().resume();
        await().until(() -> slow.socket().isClosed());
        assertThat(slow.socket().closeStatusCode()).isEqualTo((short) 1013);
        assertThat(slow.socket().closeReason()).isEqualTo("too_slow");
        assertThat(gateway.metric("millrace_gateway_sockets")).isEqualTo(1);
    }

    @Test
    void holdsNoMoreThanMayWait() throws Exception {
        ReplyEvents worker = ask(slow);
        kafka.reply(worker.claimed());
        slow.socket().pause();

        long taken = (long) bytesWritten();
        int chunks = 0;
        long held = 0;
        long waiting = 0;
        while (gateway.metric("millrace_gateway_slow_sockets_closed_total") == 0) {
            assertThat(chunks).isLessThan(MOST_CHUNKS);
            assertThat(held).isLessThanOrEqualTo(MOST_WAITING_BYTES);
            assertThat(waiting).isLessThanOrEqualTo(MOST_WAITING_BYTES);
            chunks = answer(worker, chunks, 4);
            taken += flushedTo(neighbour);
            waiting = (long) gateway.metric("millrace_gateway_frame_bytes_waiting");
            held = (long) chunks * CHUNK.length() - ((long) bytesWritten() - waiting - taken);
        }

        assertThat(held).as("what was held when it was closed").isGreaterThan(MOST_WAITING_BYTES / 2);
    }

    @Test
    void goesOnElsewhereWithTheCursorThatItIsClosedWith() throws Exception {
        overflow();
        slow.socket().resume();
        List<JsonObject> heard = slow.upTo("error");
        JsonObject last = heard.remove(heard.size() - 1);
        JsonObject response = last.getJsonArray("responses").getJsonObject(0);

        FakeKafka sameLog = new FakeKafka(true);
        try (GatewayFixture elsewhere = new GatewayFixture(LIMITS, sameLog)) {
            said.forEach(sameLog::reply);
            sameLog.reply(new ReplyEvents(said.get(0).getPromptId(), WRITER).finished(FinishReason.STOP, "end"));
            ChatClient client = elsewhere.connect();
            client.say(new JsonObject()
                    .put("type", "response.resume")
                    .put("cursor", response.getString("cursor"))
                    .put("starting_after", heard.get(heard.size() - 1).getInteger("sequence_number")));
            client.next("response.resumed");
            heard.addAll(client.upTo("response.completed"));
        }

        assertThat(last.getString("code")).isEqualTo("slow_consumer");
        assertThat(response.getString("response_id"))
                .isEqualTo(said.get(0).getPromptId().toString());
        assertThat(ChatClient.shown(heard)).isEqualTo(allThatWasSaid() + "end");
    }

    @Test
    void isCutOffWhenItNeverReads() throws Exception {
        overflow();

        // It is not told, since it does not read; but what it sends finds nobody.
        await().atMost(Duration.ofSeconds(20))
                .until(() -> slow.socket()
                        .writePing(Buffer.buffer())
                        .toCompletionStage()
                        .toCompletableFuture()
                        .handle((sent, failure) ->
                                failure != null || slow.socket().isClosed())
                        .join());
    }

    @Test
    void holdsBackNoNeighbour() throws Exception {
        ReplyEvents worker = ask(neighbour);
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "before"));
        neighbour.upTo("response.output_text.delta");

        overflow();
        kafka.reply(worker.tokens(1, 1, ", after"), worker.finished(FinishReason.STOP, ""));
        List<JsonObject> frames = neighbour.upTo("response.completed");

        assertThat(frames.get(frames.size() - 4).getString("text")).isEqualTo("before, after");
    }

    @Test
    void isNotSentAPongForEveryPingThatItSendsWithoutReading() throws Exception {
        int pings = 300_000;
        byte[] ping = Wire.frame(Wire.FINAL | Wire.PING, new byte[125]);
        Buffer thousand = Buffer.buffer();
        for (int i = 0; i < 1_000; i++) {
            thousand.appendBytes(ping);
        }

        int pongs = 0;
        try (Wire wire = Wire.webSocket(gateway.httpPort())) {
            for (int sent = 0; sent < pings; sent += 1_000) {
                assertThat(wire.write(thousand.getBytes())).isTrue();
            }
            wire.write(Wire.frame(Wire.FINAL | Wire.TEXT, "no event".getBytes(StandardCharsets.UTF_8)));
            for (Wire.Frame frame = wire.readFrame();
                    frame != null && frame.opcode() != Wire.TEXT;
                    frame = wire.readFrame()) {
                pongs++;
            }
        }

        assertThat(pongs).isBetween(1, pings / 2);
    }

    /** Answers the slow client, which does not read, until its socket is closed. */
    private void overflow() throws InterruptedException {
        ReplyEvents worker = ask(slow);
        say(worker.claimed());
        slow.socket().pause();
        int chunks = 0;
        while (gateway.metric("millrace_gateway_slow_sockets_closed_total") == 0) {
            assertThat(chunks).isLessThan(MOST_CHUNKS);
            chunks = answer(worker, chunks, CHUNKS_AT_ONCE);
        }
    }

    /** Answers it until nothing more is written: the rest is held back. */
    private int fill(ReplyEvents worker) throws InterruptedException {
        int chunks = 0;
        double before;
        do {
            before = bytesWritten();
            chunks = answer(worker, chunks, CHUNKS_AT_ONCE);
            long unused = flushedTo(neighbour);
        } while (bytesWritten() - before > CHUNK.length());
        return chunks;
    }

    private int answer(ReplyEvents worker, int firstIndex, int chunks) {
        for (int i = 0; i < chunks; i++) {
            String number = "%08d".formatted(firstIndex + i);
            say(worker.tokens(firstIndex + i, 1, number + CHUNK.substring(number.length())));
        }
        return firstIndex + chunks;
    }

    private void say(ReplyEvent event) {
        said.add(event);
        kafka.reply(event);
    }

    private String allThatWasSaid() {
        return said.stream()
                .map(ReplyEvent::getBody)
                .filter(Tokens.class::isInstance)
                .map(tokens -> ((Tokens) tokens).getText())
                .collect(Collectors.joining());
    }

    /**
     * Whoever gets an answer now knows that all replies before it have been seen to.
     *
     * @return the bytes that it got
     */
    private long flushedTo(ChatClient client) throws InterruptedException {
        client.ask("something short");
        List<JsonObject> frames = new ArrayList<>(List.of(client.next("response.created")));
        ReplyEvents worker = new ReplyEvents(kafka.awaitPrompt().getId(), WRITER);
        kafka.reply(worker.claimed(), worker.finished(FinishReason.STOP, ""));
        frames.addAll(client.upTo("response.completed"));
        return frames.stream().mapToLong(frame -> frame.encode().length()).sum();
    }

    private double bytesWritten() {
        return gateway.metric("millrace_gateway_frame_bytes_sent_total");
    }

    private ReplyEvents ask(ChatClient client) throws InterruptedException {
        client.ask("something long");
        client.next("response.created");
        return new ReplyEvents(kafka.awaitPrompt().getId(), WRITER);
    }
}
