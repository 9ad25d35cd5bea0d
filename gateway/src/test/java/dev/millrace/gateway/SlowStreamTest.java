package dev.millrace.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.http.HttpTimings;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A client over HTTP that asks for a stream and does not read it. */
class SlowStreamTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final String CHUNK = "x".repeat(64 << 10);
    /** Far more than all buffers together. */
    private static final int MOST_CHUNKS = 2_000;

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway =
            new GatewayFixture(new SessionLimits(4, 1 << 20, Duration.ofMinutes(5)), kafka);

    @AutoClose
    private final Wire client = new Wire(gateway.httpPort());

    @Test
    void endsWithTheCursorThatItGoesOnWith() throws Exception {
        ReplyEvents worker = overflow("/v1/responses", "{\"input\":\"something long\",\"stream\":true}");

        String stream = new String(client.readAll(), UTF_8);

        assertThat(stream).endsWith("\r\n0\r\n\r\n");
        int event = stream.indexOf("event: error\ndata: ");
        JsonObject last = new JsonObject(stream.substring(stream.indexOf('{', event), stream.indexOf("\n\n", event)));
        assertThat(OpenApi.parse(gateway.get("/openapi.json").body()).faults("ResponseEvent", last.encode()))
                .isEmpty();
        assertThat(last.getString("code")).isEqualTo("slow_consumer");
        String cursor = last.getJsonArray("responses").getJsonObject(0).getString("cursor");
        assertThat(new CursorSeal(List.of(GatewayFixture.KEY), "replies")
                        .open(cursor, "")
                        .promptId())
                .isEqualTo(worker.promptId());
    }

    @Test
    void ofAChatCompletionEndsWithAnError() throws Exception {
        overflow(
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"something long\"}],\"stream\":true}");

        String stream = new String(client.readAll(), UTF_8);

        assertThat(stream).contains("\"code\":\"slow_consumer\"").endsWith("data: [DONE]\n\n\r\n0\r\n\r\n");
    }

    @Test
    void isCutOffWhenItsClientNeverReads() throws Exception {
        overflow("/v1/responses", "{\"input\":\"something long\",\"stream\":true}");

        assertThat(bytesWaiting()).isPositive();
        await().atMost(Duration.ofSeconds(20)).until(() -> bytesWaiting() == 0);
    }

    @Test
    void isCutOffWhenItTakesNothingOfAnAnswerThatHasEnded() throws Exception {
        HttpTimings timings = new HttpTimings(MINUTE, Duration.ofSeconds(1), MINUTE, MINUTE);
        FakeKafka other = new FakeKafka(true);
        try (GatewayFixture patient = new GatewayFixture(new SessionLimits(4, 8 << 20, MINUTE), other, timings);
                Wire stalled = new Wire(patient.httpPort())) {
            stalled.write(post("/v1/responses", "{\"input\":\"something long\",\"stream\":true}"));
            ReplyEvents worker = new ReplyEvents(other.awaitPrompt().getId(), new Writer(1000, 1));
            other.reply(worker.claimed());
            for (int i = 0; i < 64; i++) {
                other.reply(worker.tokens(i, 1, CHUNK));
            }
            other.reply(worker.finished(FinishReason.STOP, ""));

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> patient.metric("millrace_gateway_slow_sockets_closed_total") == 1);
            await().until(() -> patient.metric("millrace_gateway_responses_running") == 0);
            assertThat(patient.metric("millrace_gateway_responses_ended_total{reason=\"stop\",}"))
                    .isEqualTo(1);
            assertThat(patient.metric("millrace_gateway_errors_total{code=\"slow_consumer\",}"))
                    .as("more than may wait")
                    .isNaN();
        }
    }

    private double bytesWaiting() {
        return gateway.metric("millrace_gateway_frame_bytes_waiting");
    }

    private static byte[] post(String path, String body) {
        return ("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body)
                .getBytes(UTF_8);
    }

    /** Answers it until the gateway has enough of it. */
    private ReplyEvents overflow(String path, String body) {
        client.write(post(path, body));
        ReplyEvents worker = new ReplyEvents(kafka.awaitPrompt().getId(), new Writer(1000, 1));
        kafka.reply(worker.claimed());
        int chunks = 0;
        while (gateway.metric("millrace_gateway_slow_sockets_closed_total") == 0) {
            assertThat(chunks).isLessThan(MOST_CHUNKS);
            kafka.reply(worker.tokens(chunks++, 1, CHUNK));
        }
        return worker;
    }
}
