package dev.millrace.gateway;

import static dev.millrace.gateway.ChatClient.shown;
import static dev.millrace.gateway.ChatClient.types;
import static dev.millrace.gateway.ResponsesFixture.path;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses over HTTP that were begun elsewhere: to look at, to go on with and to cancel. The test is the worker. */
@Timeout(30)
class HttpRetrievalTest {
    private static final ReplyEvents EARLIER = new ReplyEvents(UUID.randomUUID(), ResponsesFixture.WRITER);
    private static final CursorSeal SEAL = new CursorSeal(List.of(GatewayFixture.KEY), "replies");

    @AutoClose
    private final ResponsesFixture responses;

    private final FakeKafka kafka;
    private final GatewayFixture gateway;
    private final HttpChat http;

    HttpRetrievalTest() throws Exception {
        responses = new ResponsesFixture();
        kafka = responses.kafka;
        gateway = responses.gateway;
        http = responses.http;
    }

    @Test
    void tellsHowAResponseOfAnotherGatewayStands() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"), EARLIER.tokens(1, 1, " upon"));

        JsonObject running = http.response(responses.get(id(3, false), ""));
        kafka.reply(EARLIER.tokens(2, 1, " a time"), EARLIER.finished(FinishReason.STOP, "."));
        JsonObject ended =
                await().until(() -> http.response(responses.get(id(3, false), "")), HttpRetrievalTest::isCompleted);

        assertThat(running.getString("id")).startsWith("resp_");
        assertThat(running.getString("status")).isEqualTo("in_progress");
        assertThat(running.getJsonArray("output").getJsonObject(0).getString("status"))
                .isEqualTo("in_progress");
        assertThat(HttpChat.text(running)).isEqualTo("Once upon");
        assertThat(HttpChat.text(ended)).isEqualTo("Once upon a time.");
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

        var answer = responses.readOn(id(3, false), "?stream=true&starting_after=19");
        HttpResponse<InputStream> response = answer.join();
        kafka.reply(EARLIER.tokens(2, 1, " a time"), EARLIER.finished(FinishReason.STOP, "."));
        List<JsonObject> events = http.responseEvents(response);

        assertThat(shown(events)).isEqualTo(" upon a time.");
        assertThat(HttpChat.numbers(events))
                .allMatch(number -> number > 19)
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(events.get(events.size() - 4).getString("text")).isEqualTo("Once upon a time.");
    }

    @Test
    void beginsWithTheBeginningForWhoHasNothing() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"), EARLIER.finished(FinishReason.STOP, "."));

        List<JsonObject> events = http.responseEvents(
                responses.readOn(id(3, false), "?stream=true").join());

        assertThat(types(events)).startsWith("response.created", "response.in_progress");
        assertThat(shown(events)).isEqualTo("Once.");
    }

    @Test
    void cancelsWhatAnotherGatewayBegan() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"));

        var answer = responses.cancel(id(2, false));
        await().until(() -> kafka.cancellations().size() == 1);
        kafka.reply(EARLIER.finished(FinishReason.CANCELLED, ""));
        JsonObject response = new JsonObject(new String(answer.join().body().readAllBytes(), UTF_8));

        assertThat(kafka.cancellations().get(0).getPromptId()).isEqualTo(EARLIER.promptId());
        assertThat(kafka.cancellations().get(0).getConversation()).isEqualTo("c");
        assertThat(response.getJsonObject("incomplete_details").getString("reason"))
                .isEqualTo("cancelled");
        assertThat(HttpChat.text(response)).isEqualTo("Once");
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        kafka.past(EARLIER.claimed());
        byte[] unknown = new byte[32];
        unknown[0] = 1;
        String foreign = "resp_" + new CursorSeal(List.of(unknown), "replies").seal(point(1, false), "");

        assertThat(responses.get("resp_nothing", "").statusCode()).isEqualTo(404);
        assertThat(HttpChat.code(responses.get("resp_nothing", ""))).isEqualTo("response_not_found");
        assertThat(HttpChat.code(responses.get("nothing", ""))).isEqualTo("response_not_found");
        assertThat(HttpChat.code(responses.get("resp_nothing", "?stream=true"))).isEqualTo("response_not_found");
        assertThat(HttpChat.code(responses.get(foreign, ""))).isEqualTo("cursor_key_unknown");
        assertThat(HttpChat.code(responses.get(id(1, false), "?stream=perhaps")))
                .isEqualTo("invalid_value");
        assertThat(HttpChat.code(responses.get(id(1, false), "?stream=true&starting_after=x")))
                .isEqualTo("invalid_value");
        assertThat(HttpChat.code(responses.get(id(1, false), "?starting_after=3")))
                .isEqualTo("invalid_value");
        assertThat(HttpChat.code(http.send(
                        http.request("POST", path("resp_nothing") + "/cancel").build())))
                .isEqualTo("response_not_found");
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void takesNoOtherMethods() throws Exception {
        kafka.past(EARLIER.claimed());

        HttpResponse<?> cancel = http.stream(
                        http.request("GET", path(id(1, false)) + "/cancel").build())
                .join();
        HttpResponse<?> put =
                http.stream(http.request("PUT", path(id(1, false))).build()).join();

        assertThat(cancel.statusCode()).isEqualTo(405);
        assertThat(cancel.headers().firstValue("Allow")).hasValue("POST");
        assertThat(put.statusCode()).isEqualTo(405);
        assertThat(put.headers().firstValue("Allow")).hasValue("GET, DELETE");
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void tellsOfTheResponseThatIsAskedForAlone() throws Exception {
        ReplyEvents other = new ReplyEvents(UUID.randomUUID(), ResponsesFixture.WRITER);
        kafka.past(EARLIER.claimed(), other.claimed(), other.tokens(0, 1, "secret"), EARLIER.tokens(0, 1, "Once"));

        JsonObject one = http.response(responses.get(id(4, false), "?stream=false"));
        JsonObject two = http.response(responses.get("resp_" + SEAL.seal(point(other.promptId(), 4, false), ""), ""));

        assertThat(HttpChat.text(one)).isEqualTo("Once");
        assertThat(HttpChat.text(two)).isEqualTo("secret");
    }

    @Test
    void saysThatTheLogIsGone() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"));
        kafka.forgetThePast();

        HttpResponse<String> expired = responses.get(id(2, false), "");

        assertThat(expired.statusCode()).isEqualTo(410);
        assertThat(HttpChat.code(expired)).isEqualTo("cursor_expired");
    }

    @Test
    void givesTheWholeAnswerWhereTheLogIsGone() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"));
        kafka.forgetThePast();
        kafka.completed(new Completion(
                EARLIER.promptId(),
                "c",
                "m",
                "Once.",
                FinishReason.STOP,
                new Usage(1, 1, 0, 0),
                new Timings(1.0, 1.0, 1.0),
                null));

        JsonObject whole = http.response(responses.get(id(2, false), ""));

        assertThat(whole.getString("status")).isEqualTo("completed");
        assertThat(HttpChat.text(whole)).isEqualTo("Once.");
    }

    @Test
    void tellsOfOneThatFailedAsOfAnyOther() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.failed(new Failure("poisonous", "it crashes workers", null)));

        JsonObject failed = http.response(responses.get(id(2, false), ""));

        assertThat(failed.getString("status")).isEqualTo("failed");
        assertThat(failed.getJsonObject("error").getString("code")).isEqualTo("poisonous");
    }

    @Test
    void saysSoWhenACancellationIsNotSent() throws Exception {
        FakeKafka away = new FakeKafka(false);
        try (ResponsesFixture other = new ResponsesFixture(away)) {
            var answer = other.cancel(id(1, false));
            await().until(() -> away.cancellations().size() == 1);
            away.producer.errorNext(new TimeoutException("away"));

            assertThat(answer.join().statusCode()).isEqualTo(503);
        }
    }

    @Test
    void tellsHowItStandsWhereNobodyHeedsTheCancellation() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"));

        JsonObject running = http.response(http.send(
                http.request("POST", path(id(2, false)) + "/cancel").build()));

        assertThat(running.getString("status")).isEqualTo("in_progress");
        assertThat(HttpChat.text(running)).isEqualTo("Once");
    }

    @Test
    void saysThatTheRestIsGone() throws Exception {
        kafka.past(EARLIER.claimed(), EARLIER.tokens(0, 1, "Once"));
        var answer = responses.cancel(id(2, false));
        await().until(() -> gateway.metric("millrace_gateway_subscriptions") == 1);

        kafka.deleteWhatComesNext();
        JsonObject failed = new JsonObject(new String(answer.join().body().readAllBytes(), UTF_8));

        assertThat(failed.getString("status")).isEqualTo("failed");
        assertThat(failed.getJsonObject("error").getString("code")).isEqualTo("history_lost");
    }

    @Test
    void keepsNothingForWhoHasLookedOrWaitsNoLonger() throws Exception {
        kafka.past(EARLIER.claimed());
        var waiting = responses.cancel(id(1, false));
        await().until(() -> gateway.metric("millrace_gateway_subscriptions") == 1);

        waiting.cancel(true);
        http.response(responses.get(id(1, false), ""));

        await().atMost(Duration.ofSeconds(4)) // less than it would wait for the cancelled one to end
                .until(() -> gateway.metric("millrace_gateway_subscriptions") == 0);
    }

    /** @param events so many stand in the log before what this gateway reads live */
    private static String id(int events, boolean background) {
        return "resp_" + SEAL.seal(point(events, background), "");
    }

    private static ResumePoint point(int events, boolean background) {
        return point(EARLIER.promptId(), events, background);
    }

    private static ResumePoint point(UUID promptId, int events, boolean background) {
        return new ResumePoint(
                promptId, 5, FakeKafka.FIRST_OFFSET - events, Instant.ofEpochSecond(1), "c", null, background, false);
    }
}
