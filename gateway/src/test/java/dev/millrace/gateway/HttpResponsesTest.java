package dev.millrace.gateway;

import static dev.millrace.gateway.ChatClient.shown;
import static dev.millrace.gateway.ChatClient.types;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses over HTTP, with a worker played by the test. */
@Timeout(30)
class HttpResponsesTest {
    private static final Writer WRITER = new Writer(1000, 1);
    private static final ReplyEvents EARLIER = new ReplyEvents(UUID.randomUUID(), WRITER);
    private static final CursorSeal SEAL = new CursorSeal(List.of(GatewayFixture.KEY), "replies");
    private static final SessionLimits LIMITS = new SessionLimits(4, 1 << 20, 1 << 20, 100, Duration.ofMillis(100));

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture(LIMITS, kafka);

    private HttpChat http;

    @BeforeEach
    void connect() throws Exception {
        http = new HttpChat(gateway.httpPort());
    }

    @Test
    void answersWhole() throws Exception {
        var answer = http.respond(question().put("instructions", "Be brief").put("max_output_tokens", 9));
        var prompt = kafka.awaitPrompt();
        ReplyEvents worker = new ReplyEvents(prompt.getId(), WRITER);

        kafka.reply(worker.claimed(), worker.tokens(0, 2, "Hel"), worker.finished(FinishReason.LENGTH, "lo"));
        JsonObject response = response(answer.join());

        assertThat(prompt.getMessages()).hasSize(2);
        assertThat(prompt.getSampling().getMaxNewTokens()).isEqualTo(9);
        assertThat(text(response)).isEqualTo("Hello");
        assertThat(response.getString("status")).isEqualTo("incomplete");
        assertThat(response.getJsonObject("incomplete_details").getString("reason"))
                .isEqualTo("max_output_tokens");
        assertThat(response.getJsonObject("usage").getInteger("total_tokens")).isEqualTo(10);
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void streamsTheEventsOfTheSocket() throws Exception {
        var answer = http.stream(
                http.post(HttpChat.RESPONSES, question().put("stream", true).encode())
                        .build());
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        HttpResponse<InputStream> response = answer.join();
        kafka.reply(worker.tokens(1, 1, "llo"), worker.finished(FinishReason.STOP, ""));

        List<JsonObject> events = events(response);

        assertThat(types(events).get(0)).isEqualTo("response.created");
        assertThat(types(events).get(events.size() - 1)).isEqualTo("response.completed");
        assertThat(shown(events)).isEqualTo("Hello");
        assertThat(numbers(events)).isSorted().doesNotHaveDuplicates();
        JsonObject created = events.get(0);
        assertThat(created.getJsonObject("response").getString("id"))
                .isEqualTo("resp_" + created.getString("cursor"))
                .isEqualTo(
                        events.get(events.size() - 1).getJsonObject("response").getString("id"));
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);
    }

    @Test
    void tellsHowAResponseOfAnotherGatewayStands() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"), EARLIER.tokens(1, 1, " upon"));

        JsonObject running = response(get(id(3, false), ""));
        kafka.reply(EARLIER.tokens(2, 1, " a time"), EARLIER.finished(FinishReason.STOP, "."));
        JsonObject ended = await().until(() -> response(get(id(3, false), "")), HttpResponsesTest::isCompleted);

        assertThat(running.getString("id")).startsWith("resp_");
        assertThat(running.getString("status")).isEqualTo("in_progress");
        assertThat(text(running)).isEqualTo("Once upon");
        assertThat(text(ended)).isEqualTo("Once upon a time.");
        assertThat(kafka.cancellations()).isEmpty();
        assertThat(kafka.attendance()).isEmpty();
    }

    /** The gateway may not have read so far when it is asked. */
    private static boolean isCompleted(JsonObject response) {
        return "completed".equals(response.getString("status"));
    }

    @Test
    void goesOnBehindTheLastEventOfTheClient() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"), EARLIER.tokens(1, 1, " upon"));

        var answer = http.stream(http.request("GET", path(id(3, false)) + "?stream=true&starting_after=9")
                .build());
        HttpResponse<InputStream> response = answer.join();
        kafka.reply(EARLIER.tokens(2, 1, " a time"), EARLIER.finished(FinishReason.STOP, "."));
        List<JsonObject> events = events(response);

        assertThat(shown(events)).isEqualTo(" upon a time.");
        assertThat(numbers(events)).allMatch(number -> number > 9).isSorted().doesNotHaveDuplicates();
        assertThat(events.get(events.size() - 2).getString("text")).isEqualTo("Once upon a time.");
    }

    @Test
    void beginsWithTheBeginningForWhoHasNothing() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"), EARLIER.finished(FinishReason.STOP, "."));

        List<JsonObject> events = events(http.stream(
                        http.request("GET", path(id(3, false)) + "?stream=true").build())
                .join());

        assertThat(types(events)).startsWith("response.created", "response.in_progress");
        assertThat(shown(events)).isEqualTo("Once.");
    }

    @Test
    void cancelsWhatAnotherGatewayBegan() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"));

        var answer =
                http.stream(http.request("POST", path(id(2, false)) + "/cancel").build());
        await().until(() -> kafka.cancellations().size() == 1);
        kafka.reply(EARLIER.finished(FinishReason.CANCELLED, ""));
        JsonObject response = new JsonObject(new String(answer.join().body().readAllBytes(), UTF_8));

        assertThat(kafka.cancellations().get(0).getPromptId()).isEqualTo(EARLIER.promptId());
        assertThat(kafka.cancellations().get(0).getConversation()).isEqualTo("c");
        assertThat(response.getJsonObject("incomplete_details").getString("reason"))
                .isEqualTo("cancelled");
        assertThat(text(response)).isEqualTo("Once");
    }

    @Test
    void leavesAGracePeriodToAClientThatIsGone() throws Exception {
        var answer = http.stream(
                http.post(HttpChat.RESPONSES, question().put("stream", true).encode())
                        .build());
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));

        answer.join().body().close();
        await().until(() -> kafka.cancellations().size() == 1);

        assertThat(kafka.cancellations().get(0).getPromptId()).isEqualTo(worker.promptId());
    }

    @Test
    void goesOnInTheBackgroundWithoutItsClient() throws Exception {
        JsonObject queued =
                response(http.respond(question().put("background", true)).join());
        ReplyEvents worker = worker();
        var reading = http.stream(http.request("GET", path(queued.getString("id")) + "?stream=true")
                .build());
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        reading.join().body().close();
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);
        kafka.reply(worker.tokens(1, 1, "llo"), worker.finished(FinishReason.STOP, ""));
        JsonObject ended = response(get(queued.getString("id"), ""));

        assertThat(queued.getString("status")).isEqualTo("queued");
        assertThat(queued.getBoolean("background")).isTrue();
        assertThat(text(ended)).isEqualTo("Hello");
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void hasAStatusForWhatFails() throws Exception {
        var answer = http.respond(question());
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.failed(new Failure("invalid_prompt", "bad", "sampling.responseFormat")));

        assertThat(answer.join().statusCode()).isEqualTo(400);
        assertThat(code(answer.join())).isEqualTo("invalid_prompt");
        assertThat(new JsonObject(answer.join().body()).getJsonObject("error").getString("param"))
                .isEqualTo("text.format");
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        kafka.past(EARLIER.claimed());
        byte[] unknown = new byte[32];
        unknown[0] = 1;
        String foreign = "resp_" + new CursorSeal(List.of(unknown), "replies").seal(point(1, false), "");

        assertThat(get("resp_nothing", "").statusCode()).isEqualTo(404);
        assertThat(code(get("resp_nothing", ""))).isEqualTo("response_not_found");
        assertThat(code(get("nothing", ""))).isEqualTo("response_not_found");
        assertThat(code(get("resp_nothing", "?stream=true"))).isEqualTo("response_not_found");
        assertThat(code(get(foreign, ""))).isEqualTo("cursor_key_unknown");
        assertThat(code(get(id(1, false), "?stream=perhaps"))).isEqualTo("invalid_value");
        assertThat(code(get(id(1, false), "?stream=true&starting_after=x"))).isEqualTo("invalid_value");
        assertThat(code(http.send(
                        http.request("POST", path("resp_nothing") + "/cancel").build())))
                .isEqualTo("response_not_found");
        assertThat(code(http.send(http.post(
                                HttpChat.RESPONSES, question().put("tools", "x").encode())
                        .build())))
                .isEqualTo("unsupported_value");
        assertThat(http.stream(http.request("DELETE", HttpChat.RESPONSES).build())
                        .join()
                        .statusCode())
                .isEqualTo(405);
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void saysThatTheLogIsGone() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"));
        kafka.forgetThePast();

        HttpResponse<String> expired = get(id(2, false), "");

        assertThat(expired.statusCode()).isEqualTo(410);
        assertThat(code(expired)).isEqualTo("cursor_expired");
    }

    @Test
    void cancelsNoStreamWhenItStops() throws Exception {
        var streaming = http.stream(
                http.post(HttpChat.RESPONSES, question().put("stream", true).encode())
                        .build());
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        streaming.join();
        var waiting = http.respond(question());
        var abandoned = kafka.awaitPrompt();

        gateway.stop();

        assertThat(waiting.join().statusCode()).isEqualTo(503);
        assertThat(kafka.cancellations())
                .extracting(cancellation -> cancellation.getPromptId())
                .containsExactly(abandoned.getId());
    }

    private static JsonObject question() {
        return new JsonObject().put("input", "Hi");
    }

    private ReplyEvents worker() {
        return new ReplyEvents(kafka.awaitPrompt().getId(), WRITER);
    }

    private HttpResponse<String> get(String id, String query) throws Exception {
        return http.send(http.request("GET", path(id) + query).build());
    }

    private static String path(String id) {
        return HttpChat.RESPONSES + "/" + id;
    }

    /** @param events so many stand in the log before what this gateway reads live */
    private static String id(int events, boolean background) {
        return "resp_" + SEAL.seal(point(events, background), "");
    }

    private static ResumePoint point(int events, boolean background) {
        return new ResumePoint(
                EARLIER.promptId(),
                5,
                FakeKafka.FIRST_OFFSET - events,
                Instant.ofEpochSecond(1),
                "c",
                null,
                background,
                false);
    }

    private JsonObject response(HttpResponse<String> answer) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(http.document().faults("Response", answer.body())).isEmpty();
        return new JsonObject(answer.body());
    }

    private List<JsonObject> events(HttpResponse<InputStream> response) throws Exception {
        return http.events(response).stream().map(JsonObject::new).toList();
    }

    private static List<Integer> numbers(List<JsonObject> events) {
        return events.stream().map(event -> event.getInteger("sequence_number")).toList();
    }

    private static String text(JsonObject response) {
        return response.getJsonArray("output")
                .getJsonObject(0)
                .getJsonArray("content")
                .getJsonObject(0)
                .getString("text");
    }

    private static String code(HttpResponse<String> refused) {
        return new JsonObject(refused.body()).getJsonObject("error").getString("code");
    }
}
