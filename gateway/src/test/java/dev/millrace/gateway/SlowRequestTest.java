package dev.millrace.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.http.HttpTimings;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that begins to say something, and goes on for ever. */
@Timeout(30)
class SlowRequestTest {
    private static final HttpTimings TIMINGS = HttpTimings.of(Duration.ofMillis(400));
    private static final int ENDLESS_BYTES = 5_000;
    private static final String POST =
            "POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n";

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture(SessionLimits.of(Duration.ofSeconds(30)), kafka, TIMINGS);

    @ParameterizedTest
    @ValueSource(strings = {"/v1/chat/completions", "/v1/responses"})
    void isToldThatItsBodyIsLate(String path) throws Exception {
        try (Wire wire = new Wire(gateway.httpPort())) {
            wire.write(POST.formatted(path).getBytes(ISO_8859_1));
            wire.trickle(" ".repeat(ENDLESS_BYTES).getBytes(ISO_8859_1));

            assertRefused(wire);
        }
    }

    @Test
    void mayBeThePageOfAnAllowedOrigin() throws Exception {
        try (Wire wire = new Wire(gateway.httpPort())) {
            String origin = "\r\nOrigin: " + GatewayFixture.FRIENDLY_ORIGIN + "\r\n\r\n";
            wire.write(
                    POST.formatted("/v1/responses").replace("\r\n\r\n", origin).getBytes(ISO_8859_1));

            assertThat(new String(wire.readAll(), UTF_8))
                    .startsWith("HTTP/1.1 408 ")
                    .contains("access-control-allow-origin: " + GatewayFixture.FRIENDLY_ORIGIN)
                    .contains("access-control-expose-headers: x-should-retry");
        }
    }

    @Test
    void isToldThatItsHeadIsLate() throws Exception {
        try (Wire wire = new Wire(gateway.httpPort())) {
            wire.trickle(("GET / HTTP/1.1\r\nX: " + "y".repeat(ENDLESS_BYTES)).getBytes(ISO_8859_1));

            assertRefused(wire);
        }
    }

    private void assertRefused(Wire wire) throws Exception {
        String[] answer = new String(wire.readAll(), UTF_8).split("\r\n\r\n", 2);
        assertThat(answer[0]).startsWith("HTTP/1.1 408 ").contains("x-should-retry: true");
        assertThat(answer[1]).contains("\"code\":\"request_timeout\"");
        assertThat(new HttpChat(gateway.httpPort()).document().faults("Error", answer[1]))
                .isEmpty();
        assertThat(gateway.metric("millrace_gateway_errors_total{code=\"request_timeout\",}"))
                .isEqualTo(1);
    }

    @Test
    void isClosedWhoseBodyNobodyWants() throws Exception {
        try (Wire wire = new Wire(gateway.httpPort())) {
            wire.write(POST.formatted("/v1/nothing").getBytes(ISO_8859_1));

            assertThat(new String(wire.readAll(), UTF_8))
                    .startsWith("HTTP/1.1 404 ")
                    .doesNotContain("408");
        }
    }

    @Test
    void isClosedWhoseFragmentsDoNotEnd() throws Exception {
        try (Wire wire = Wire.webSocket(gateway.httpPort())) {
            await().until(() -> sockets() == 1);
            wire.write(Wire.frame(Wire.TEXT, "{".getBytes(UTF_8)));
            wire.trickle(endless());

            assertClosed(wire);
        }
    }

    /** Empty ones, which no limit of a message's length ends. */
    private static byte[] endless() {
        Buffer frames = Buffer.buffer();
        byte[] empty = Wire.frame(Wire.CONTINUATION, new byte[0]);
        for (int i = 0; i < ENDLESS_BYTES / empty.length; i++) {
            frames.appendBytes(empty);
        }
        return frames.getBytes();
    }

    @Test
    void isClosedWhoseFrameDoesNotEnd() throws Exception {
        try (Wire wire = Wire.webSocket(gateway.httpPort())) {
            await().until(() -> sockets() == 1);
            wire.write(Wire.head(Wire.FINAL | Wire.TEXT, 0x80, ENDLESS_BYTES * 2));
            wire.trickle(new byte[ENDLESS_BYTES]);

            assertClosed(wire);
        }
    }

    private void assertClosed(Wire wire) throws IOException {
        Wire.Frame frame = Objects.requireNonNull(wire.readFrame());
        assertThat(frame.opcode()).isEqualTo(Wire.CLOSE);
        assertThat(frame.closeCode()).isEqualTo(1008);
        assertThat(frame.payload().getString(2, frame.payload().length())).isEqualTo("request_timeout");
        await().until(() -> sockets() == 0);
    }

    private double sockets() {
        return gateway.metric("millrace_gateway_sockets");
    }

    @Test
    void mayWaitForItsAnswerForAsLongAsThatTakes() throws Exception {
        HttpChat chat = new HttpChat(gateway.httpPort());
        CompletableFuture<HttpResponse<String>> answer = chat.ask(HttpChat.question());
        ReplyEvents worker = new ReplyEvents(kafka.awaitPrompt().getId(), new Writer(1000, 1));

        isClosedWhoseBodyNobodyWants(); // more than the limit later
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "Late."), worker.finished(FinishReason.STOP, ""));

        assertThat(answer.get(20, TimeUnit.SECONDS).body()).contains("Late.");
    }
}
