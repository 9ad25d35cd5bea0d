package dev.millrace.gateway;

import static dev.millrace.gateway.ChatClient.shown;
import static dev.millrace.gateway.ChatClient.types;
import static dev.millrace.gateway.ResponsesFixture.question;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses that are asked for over HTTP, with a worker played by the test. */
@Timeout(30)
class HttpResponsesTest {
    @AutoClose
    private final ResponsesFixture responses;

    private final FakeKafka kafka;
    private final GatewayFixture gateway;
    private final HttpChat http;

    HttpResponsesTest() throws Exception {
        responses = new ResponsesFixture();
        kafka = responses.kafka;
        gateway = responses.gateway;
        http = responses.http;
    }

    @Test
    void answersWhole() throws Exception {
        var answer = http.respond(question().put("instructions", "Be brief").put("max_output_tokens", 9));
        var prompt = kafka.awaitPrompt();
        ReplyEvents worker = new ReplyEvents(prompt.getId(), ResponsesFixture.WRITER);

        kafka.reply(worker.claimed(), worker.tokens(0, 2, "Hel"), worker.finished(FinishReason.LENGTH, "lo"));
        JsonObject response = http.response(answer.join());

        assertThat(prompt.getMessages()).hasSize(2);
        assertThat(prompt.getSampling().getMaxNewTokens()).isEqualTo(9);
        assertThat(HttpChat.text(response)).isEqualTo("Hello");
        assertThat(response.getString("status")).isEqualTo("incomplete");
        assertThat(response.getJsonObject("incomplete_details").getString("reason"))
                .isEqualTo("max_output_tokens");
        assertThat(response.getJsonObject("usage").getInteger("total_tokens")).isEqualTo(10);
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void streamsTheEventsOfTheSocket() throws Exception {
        var answer = responses.stream();
        ReplyEvents worker = responses.worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        HttpResponse<InputStream> response = answer.join();
        kafka.reply(worker.tokens(1, 1, "llo"), worker.finished(FinishReason.STOP, ""));

        List<JsonObject> events = http.responseEvents(response);

        assertThat(types(events).get(0)).isEqualTo("response.created");
        assertThat(types(events).get(events.size() - 1)).isEqualTo("response.completed");
        assertThat(shown(events)).isEqualTo("Hello");
        assertThat(HttpChat.numbers(events)).isSorted().doesNotHaveDuplicates();
        JsonObject created = events.get(0);
        assertThat(created.getJsonObject("response").getString("id"))
                .isEqualTo("resp_" + created.getString("cursor"))
                .isEqualTo(
                        events.get(events.size() - 1).getJsonObject("response").getString("id"));
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);
    }

    @Test
    void leavesAGracePeriodToAClientThatIsGone() throws Exception {
        var answer = responses.stream();
        ReplyEvents worker = responses.worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));

        answer.join().body().close();
        await().until(() -> kafka.cancellations().size() == 1);

        assertThat(kafka.cancellations().get(0).getPromptId()).isEqualTo(worker.promptId());
    }

    @Test
    void goesOnInTheBackgroundWithoutItsClient() throws Exception {
        JsonObject queued =
                http.response(http.respond(question().put("background", true)).join());
        ReplyEvents worker = responses.worker();
        var reading = responses.readOn(queued.getString("id"), "?stream=true");
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        reading.join().body().close();
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);
        kafka.reply(worker.tokens(1, 1, "llo"), worker.finished(FinishReason.STOP, ""));
        JsonObject ended = http.response(responses.get(queued.getString("id"), ""));

        assertThat(queued.getString("status")).isEqualTo("queued");
        assertThat(queued.getBoolean("background")).isTrue();
        assertThat(HttpChat.text(ended)).isEqualTo("Hello");
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void hasAStatusForWhatFails() throws Exception {
        var answer = http.respond(question());
        ReplyEvents worker = responses.worker();
        kafka.reply(worker.claimed(), worker.failed(new Failure("invalid_prompt", "bad", "sampling.responseFormat")));

        assertThat(answer.join().statusCode()).isEqualTo(400);
        assertThat(HttpChat.code(answer.join())).isEqualTo("invalid_prompt");
        assertThat(new JsonObject(answer.join().body()).getJsonObject("error").getString("param"))
                .isEqualTo("text.format");
    }

    @Test
    void answersALongQuestion() throws Exception {
        var answer = http.respond(question().put("instructions", "x".repeat(100_000)));
        ReplyEvents worker = responses.worker();

        kafka.reply(worker.claimed(), worker.finished(FinishReason.STOP, "Hello"));

        assertThat(HttpChat.text(http.response(answer.join()))).isEqualTo("Hello");
    }

    @Test
    void refusesWhatItDoesNotServe() throws Exception {
        assertThat(HttpChat.code(http.send(http.post(
                                HttpChat.RESPONSES, question().put("tools", "x").encode())
                        .build())))
                .isEqualTo("unsupported_value");
        assertThat(http.stream(http.request("DELETE", HttpChat.RESPONSES).build())
                        .join()
                        .statusCode())
                .isEqualTo(405);
    }

    @Test
    void refusesModelsThatAreNotAllowed() throws Exception {
        HttpResponse<String> refused =
                http.respond(question().put("model", "gpt-5")).join();

        assertThat(refused.statusCode()).isEqualTo(404);
        assertThat(HttpChat.code(refused)).isEqualTo("model_not_found");
    }

    @Test
    void countsWhatItRefuses() throws Exception {
        http.respond(question().put("temperature", 9)).join();

        assertThat(gateway.metric("millrace_gateway_errors_total{code=\"invalid_value\",}"))
                .isEqualTo(1);
    }

    @Test
    void cancelsNoStreamWhenItStops() throws Exception {
        var streaming = responses.stream();
        ReplyEvents worker = responses.worker();
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
}
