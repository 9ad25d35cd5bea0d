package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
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

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture(
            new SessionLimits(4, MOST_WAITING_BYTES, Duration.ofMinutes(5)), kafka);

    private final ChatClient slow = gateway.connect();
    private final ChatClient neighbour = gateway.connect();

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

    /** Answers the slow client, which does not read, until its socket is closed. */
    private void overflow() throws InterruptedException {
        ReplyEvents worker = ask(slow);
        kafka.reply(worker.claimed());
        slow.socket().pause();
        int chunks = 0;
        while (gateway.metric("millrace_gateway_slow_sockets_closed_total") == 0) {
            assertThat(chunks).isLessThan(MOST_CHUNKS);
            chunks = answer(worker, chunks);
        }
    }

    /** Answers it until nothing more is written: the rest is held back. */
    private int fill(ReplyEvents worker) throws InterruptedException {
        int chunks = 0;
        double before;
        do {
            before = bytesWritten();
            chunks = answer(worker, chunks);
            flushedTo(neighbour);
        } while (bytesWritten() - before > CHUNK.length());
        return chunks;
    }

    private int answer(ReplyEvents worker, int firstIndex) {
        for (int i = 0; i < CHUNKS_AT_ONCE; i++) {
            kafka.reply(worker.tokens(firstIndex + i, 1, CHUNK));
        }
        return firstIndex + CHUNKS_AT_ONCE;
    }

    /** Whoever gets an answer now knows that all replies before it have been seen to. */
    private void flushedTo(ChatClient client) throws InterruptedException {
        ReplyEvents worker = ask(client);
        kafka.reply(worker.claimed(), worker.finished(FinishReason.STOP, ""));
        client.upTo("response.completed");
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
