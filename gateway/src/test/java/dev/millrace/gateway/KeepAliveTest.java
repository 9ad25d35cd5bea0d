package dev.millrace.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.http.HttpTimings;
import dev.millrace.gateway.session.SessionLimits;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client of a stream that nobody answers. Which streams are idle is in HttpSessionTest. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // reading heeds no interrupt
class KeepAliveTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final HttpTimings TIMINGS = new HttpTimings(MINUTE, MINUTE, MINUTE, Duration.ofMillis(50));

    @AutoClose
    private final GatewayFixture gateway =
            new GatewayFixture(SessionLimits.of(Duration.ofMillis(100)), new FakeKafka(true), TIMINGS);

    @Test
    void hearsACommentNowAndThen() throws Exception {
        HttpChat http = new HttpChat(gateway.httpPort());

        HttpResponse<InputStream> stream = http.stream(HttpChat.question()).join();

        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), UTF_8))) {
            assertThat(lines.readLine()).isEqualTo(": keep-alive");
            assertThat(lines.readLine()).isEmpty();
            assertThat(lines.readLine()).isEqualTo(": keep-alive");
        }
    }

    @Test
    void hearsItBehindTheFirstEventsToo() throws Exception {
        HttpChat http = new HttpChat(gateway.httpPort());
        JsonObject question = new JsonObject().put("input", "Hi").put("stream", true);

        HttpResponse<InputStream> stream = http.stream(
                        http.post(HttpChat.RESPONSES, question.encode()).build())
                .join();

        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("event: response.created");
            assertThat(lines.readLine()).startsWith("data: ");
            assertThat(lines.readLine()).isEmpty();
            assertThat(lines.readLine()).isEqualTo(": keep-alive");
        }
    }
}
