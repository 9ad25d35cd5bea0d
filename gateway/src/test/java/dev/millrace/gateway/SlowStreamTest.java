package dev.millrace.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A client over HTTP that asks for a stream and does not read it. */
class SlowStreamTest {
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

    private double bytesWaiting() {
        return gateway.metric("millrace_gateway_frame_bytes_waiting");
    }

    /** Answers it until the gateway has enough of it. */
    private ReplyEvents overflow(String path, String body) {
        client.write(
                ("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
                                + body.length() + "\r\n\r\n" + body)
                        .getBytes(UTF_8));
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
