package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.event.Prompt;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What goes wrong is said, and the socket lives on. */
class BadEventsTest {
    private static final int MEBIBYTE = 1 << 20;

    private final FakeKafka kafka = new FakeKafka(false);

    @AutoClose
    private final GatewayFixture gateway =
            new GatewayFixture(new SessionLimits(2, 4 << 20, Duration.ofSeconds(30)), kafka);

    private final ChatClient client = gateway.connect();

    @Test
    void refusesABinaryFrame() throws Exception {
        ChatClient.join(client.socket().writeBinaryMessage(Buffer.buffer("{}")));

        assertThat(client.next("error").getString("code")).isEqualTo("not_text");
        client.ask("still there?");
        client.next("response.created");
    }

    @Test
    void refusesWhatIsNoEvent() throws Exception {
        client.say("{\"type\":");
        client.say("{\"type\":\"response.create\",\"event_id\":\"e-1\",\"input\":\"hi\",\"temprature\":1}");

        JsonObject first = client.next("error");
        JsonObject second = client.next("error");
        assertThat(first.getString("code")).isEqualTo("invalid_json");
        assertThat(second.getString("code")).isEqualTo("unknown_parameter");
        assertThat(second.getString("param")).isEqualTo("temprature");
        assertThat(second.getString("event_id")).isEqualTo("e-1");
        assertThat(List.of(first, second))
                .extracting(frame -> frame.getInteger("sequence_number"))
                .containsExactly(0, 1);
        assertThat(gateway.metric("millrace_gateway_errors_total{code=\"unknown_parameter\",}"))
                .isEqualTo(1);
        client.ask("still there?");
        client.next("response.created");
    }

    @Test
    void closesASocketWhoseTextIsNoUtf8() throws Exception {
        try (Wire wire = Wire.webSocket(gateway.httpPort())) {
            byte[] latin =
                    "{\"type\":\"response.create\",\"input\":\"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);

            wire.write(Wire.frame(Wire.FINAL | Wire.TEXT, latin));

            assertThat(Objects.requireNonNull(wire.readFrame()).closeCode()).isEqualTo(1007);
            assertThat(kafka.sentTo("prompts")).isEmpty();
        }
    }

    @Test
    void doesNotGrowAnAnswerWithWhatItAnswers() throws Exception {
        String longName = "x".repeat(40_000);

        client.say("{\"type\":\"response.create\",\"event_id\":\"" + longName + "\"}");
        client.say("{\"type\":\"response.cancel\",\"response_id\":\"r\",\"" + longName + "\":1}");
        JsonObject name = client.next("error");
        JsonObject field = client.next("error");

        assertThat(name.getString("event_id")).isNull();
        assertThat(field.getString("code")).isEqualTo("unknown_parameter");
        assertThat(field.encode()).hasSizeLessThan(1000);
    }

    @Test
    void refusesAMessageThatGrowsTooLarge() throws Exception {
        String mebibyte = "x".repeat(MEBIBYTE);
        client.socket().writeFrame(WebSocketFrame.textFrame("{\"input\":\"", false));
        for (int i = 0; i < 17; i++) {
            client.socket().writeFrame(WebSocketFrame.continuationFrame(Buffer.buffer(mebibyte), false));
        }
        client.socket().writeFrame(WebSocketFrame.continuationFrame(Buffer.buffer("\"}"), true));

        assertThat(client.next("error").getString("code")).isEqualTo("event_too_large");
        client.ask("still there?");
        client.next("response.created");
    }

    @Test
    void keepsTheOrderOfEventsAroundALongOne() throws Exception {
        client.ask("x".repeat(MEBIBYTE));
        client.say("{\"type\":\"nothing\"}");

        client.next("response.created");
        assertThat(client.next("error").getString("code")).isEqualTo("unknown_event");
        assertThat(kafka.awaitPrompt().getMessages().get(0).getContent()).hasSize(MEBIBYTE);
    }

    @Test
    void refusesMoreResponsesThanASocketMayHave() throws Exception {
        client.ask("one");
        client.ask("two");
        client.say("{\"type\":\"response.create\",\"event_id\":\"third\",\"input\":\"three\"}");

        client.next("response.created");
        client.next("response.created");
        JsonObject error = client.next("error");
        assertThat(error.getString("code")).isEqualTo("too_many_responses");
        assertThat(error.getString("event_id")).isEqualTo("third");
    }

    @Test
    void refusesToCancelWhatDoesNotRunHere() throws Exception {
        client.say("{\"type\":\"response.cancel\",\"response_id\":\"5e5f8f0e-32ea-4b0e-9c0a-2b8d1c6b4a11\"}");
        client.say("{\"type\":\"response.cancel\",\"response_id\":\"not even an id\"}");

        assertThat(client.next("error").getString("code")).isEqualTo("response_not_found");
        assertThat(client.next("error").getString("param")).isEqualTo("response_id");
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void failsAResponseWhosePromptIsNotSent() throws Exception {
        client.ask("hello");
        client.next("response.created");
        Prompt prompt = kafka.awaitPrompt();

        kafka.producer.errorNext(new TimeoutException("away"));
        JsonObject failed = client.next("response.failed");

        assertThat(failed.getJsonObject("response").getJsonObject("error").getString("code"))
                .isEqualTo("prompt_not_sent");
        // It may have landed all the same.
        await().until(() -> kafka.cancellations().size() == 1);
        assertThat(kafka.cancellations().get(0).getPromptId()).isEqualTo(prompt.getId());
        assertThat(gateway.metric("millrace_gateway_send_failures_total")).isEqualTo(1);
    }

    @Test
    void saysSoWhenACancellationIsNotSent() throws Exception {
        client.ask("hello");
        String id = client.next("response.created").getString("response_id");
        kafka.awaitPrompt();
        kafka.producer.completeNext();

        client.say(new JsonObject().put("type", "response.cancel").put("response_id", id));
        await().until(() -> kafka.cancellations().size() == 1);
        kafka.producer.errorNext(new TimeoutException("away"));

        assertThat(client.next("error").getString("code")).isEqualTo("cancellation_not_sent");
    }
}
