package dev.millrace.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chat completions over HTTP, with a worker played by the test. */
@Timeout(30)
class ChatCompletionsTest {
    private static final Writer WRITER = new Writer(1000, 1);
    private static final Writer SUCCESSOR = new Writer(2000, 2);
    private static final SessionLimits LIMITS = new SessionLimits(4, 4 << 20, Duration.ofMillis(100));

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture(LIMITS, kafka);

    private HttpChat chat;

    @BeforeEach
    void connect() throws Exception {
        chat = new HttpChat(gateway.httpPort());
    }

    @Test
    void answersWhole() throws Exception {
        var answer = chat.ask(HttpChat.question().put("temperature", 0).put("max_tokens", 9));
        Prompt prompt = kafka.awaitPrompt();
        ReplyEvents worker = new ReplyEvents(prompt.getId(), WRITER);

        kafka.reply(worker.claimed(), worker.tokens(0, 2, "Hel"), worker.finished(FinishReason.LENGTH, "lo"));
        JsonObject whole = new JsonObject(answer.join().body());

        assertThat(prompt.getMessages()).containsExactly(new Message(Role.USER, "Hi"));
        assertThat(prompt.getSampling().getMaxNewTokens()).isEqualTo(9);
        assertThat(faults(answer.join())).isEmpty();
        assertThat(choice(whole).getJsonObject("message").getString("content")).isEqualTo("Hello");
        assertThat(choice(whole).getString("finish_reason")).isEqualTo("length");
        assertThat(whole.getString("model")).isEqualTo("demo");
        assertThat(whole.getJsonObject("usage").getInteger("total_tokens")).isEqualTo(10);
        assertThat(whole.getJsonObject("usage")
                        .getJsonObject("prompt_tokens_details")
                        .getInteger("cached_tokens"))
                .isEqualTo(2);
        assertThat(whole.getJsonObject("timings").getInteger("prompt_n")).isEqualTo(5);
        assertThat(whole.getJsonObject("timings").getDouble("prompt_ms")).isEqualTo(2.5);
        assertThat(kafka.cancellations()).isEmpty();
    }

    @Test
    void streamsRoleTextFinishAndUsage() throws Exception {
        JsonObject options = new JsonObject().put("include_usage", true);
        var answer = chat.stream(HttpChat.question().put("stream_options", options));
        ReplyEvents worker = worker();

        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        HttpResponse<InputStream> response = answer.join();
        kafka.reply(worker.tokens(1, 1, "llo"), worker.finished(FinishReason.STOP, ""));
        List<String> events = chat.events(response);

        assertThat(events.get(events.size() - 1)).isEqualTo("[DONE]");
        List<JsonObject> chunks = chunks(events);
        JsonObject usage = chunks.remove(chunks.size() - 1);
        assertThat(choice(chunks.get(0)).getJsonObject("delta").getString("role"))
                .isEqualTo("assistant");
        assertThat(text(chunks, 0)).isEqualTo("Hello");
        assertThat(chunks.subList(0, chunks.size() - 1))
                .allMatch(chunk -> choice(chunk).getValue("finish_reason") == null);
        assertThat(choice(chunks.get(chunks.size() - 1)).getString("finish_reason"))
                .isEqualTo("stop");
        assertThat(chunks).allMatch(chunk -> chunk.containsKey("usage") && chunk.getValue("usage") == null);
        assertThat(usage.getJsonArray("choices")).isEmpty();
        assertThat(usage.getJsonObject("usage").getInteger("completion_tokens")).isEqualTo(3);
        assertThat(kafka.cancellations()).isEmpty();
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);
    }

    @Test
    void hasChoicesWithSeedsOfTheirOwn() throws Exception {
        var answer = chat.stream(HttpChat.question().put("n", 2).put("seed", 7));
        Prompt first = kafka.awaitPrompt();
        Prompt second = kafka.awaitPrompt();
        ReplyEvents one = new ReplyEvents(first.getId(), WRITER);
        ReplyEvents two = new ReplyEvents(second.getId(), WRITER);

        kafka.reply(one.claimed(), two.claimed(), two.tokens(0, 1, "two"), one.tokens(0, 1, "one"));
        kafka.reply(two.finished(FinishReason.STOP, ""), one.finished(FinishReason.STOP, "."));
        List<JsonObject> chunks = chunks(chat.events(answer.join()));

        assertThat(first.getSampling().getSeed()).isEqualTo(7);
        assertThat(second.getSampling().getSeed()).isNotEqualTo(7);
        assertThat(first.getConversation()).isEqualTo(second.getConversation());
        assertThat(text(chunks, 0)).isEqualTo("one.");
        assertThat(text(chunks, 1)).isEqualTo("two");
        assertThat(chunks).extracting(chunk -> chunk.getString("id")).containsOnly("chatcmpl-" + first.getId());
    }

    @Test
    void refusesWithAStatusWhileNothingWasSent() throws Exception {
        var answer = chat.stream(HttpChat.question());
        ReplyEvents worker = worker();

        kafka.reply(worker.claimed(), worker.failed(new Failure("invalid_prompt", "out of range", "sampling.topP")));
        HttpResponse<InputStream> response = answer.join();
        JsonObject error = new JsonObject(new String(response.body().readAllBytes(), UTF_8)).getJsonObject("error");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(error.getString("code")).isEqualTo("invalid_prompt");
        assertThat(error.getString("param")).isEqualTo("top_p");
        assertThat(error.getString("type")).isEqualTo("invalid_request_error");
    }

    @Test
    void failsInTheMiddleWithAnErrorEvent() throws Exception {
        var answer = chat.stream(HttpChat.question());
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        HttpResponse<InputStream> response = answer.join();

        kafka.reply(worker.failed(new Failure("internal", "the device failed", null)));
        List<String> events = chat.events(response);

        assertThat(events.get(events.size() - 1)).isEqualTo("[DONE]");
        assertThat(new JsonObject(events.get(events.size() - 2))
                        .getJsonObject("error")
                        .getString("code"))
                .isEqualTo("internal");
    }

    @Test
    void endsAndCancelsWhenTheTextStartsOver() throws Exception {
        var answer = chat.stream(HttpChat.question());
        ReplyEvents worker = worker();
        ReplyEvents other = new ReplyEvents(worker.promptId(), SUCCESSOR);
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "old"));
        HttpResponse<InputStream> response = answer.join();

        kafka.reply(other.claimed(), other.restarted(), other.tokens(0, 1, "new"));
        List<String> events = chat.events(response);

        assertThat(String.join("\n", events)).contains("answer_restarted").doesNotContain("new");
        await().until(() -> kafka.cancellations().size() == 1);
    }

    @Test
    void takesTheNewTextOfAWholeAnswer() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = chat.ask(HttpChat.question());
        ReplyEvents worker = worker();
        ReplyEvents other = new ReplyEvents(worker.promptId(), SUCCESSOR);

        kafka.reply(worker.claimed(), worker.tokens(0, 1, "old"), other.claimed(), other.restarted());
        kafka.reply(other.tokens(0, 1, "new"), other.finished(FinishReason.REPETITION, ""));
        JsonObject choice = choice(new JsonObject(answer.join().body()));

        assertThat(choice.getJsonObject("message").getString("content")).isEqualTo("new");
        assertThat(choice.getString("finish_reason")).isEqualTo("length");
        assertThat(choice.getString("stop_reason")).isEqualTo("repetition");
    }

    @Test
    void cancelsAfterTheGracePeriodWhenTheClientGoes() throws Exception {
        var answer = chat.stream(HttpChat.question());
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));

        answer.join().body().close();
        await().until(() -> kafka.cancellations().size() == 1);

        assertThat(kafka.cancellations().get(0).getPromptId()).isEqualTo(worker.promptId());
        assertThat(gateway.metric("millrace_gateway_responses_running")).isZero();
    }

    @Test
    void tellsItsClientsToAskAgainWhenItStops() throws Exception {
        var streaming = chat.stream(HttpChat.question());
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"));
        HttpResponse<InputStream> begun = streaming.join();
        var waiting = chat.ask(HttpChat.question());
        kafka.awaitPrompt();

        gateway.stop();

        assertThat(String.join("\n", chat.events(begun))).contains("gateway_stops");
        assertThat(waiting.join().statusCode()).isEqualTo(503);
        assertThat(waiting.join().headers().firstValue("x-should-retry")).hasValue("true");
    }

    private ReplyEvents worker() {
        return new ReplyEvents(kafka.awaitPrompt().getId(), WRITER);
    }

    private Set<?> faults(HttpResponse<String> response) throws Exception {
        return chat.document().faults("ChatCompletion", response.body());
    }

    private static List<JsonObject> chunks(List<String> events) {
        return new ArrayList<>(events.stream()
                .filter(event -> !event.equals("[DONE]"))
                .map(JsonObject::new)
                .toList());
    }

    private static JsonObject choice(JsonObject completion) {
        JsonArray choices = completion.getJsonArray("choices");
        return choices.getJsonObject(0);
    }

    private static String text(List<JsonObject> chunks, int index) {
        StringBuilder text = new StringBuilder();
        for (JsonObject chunk : chunks) {
            if (!chunk.getJsonArray("choices").isEmpty() && choice(chunk).getInteger("index") == index) {
                text.append(choice(chunk).getJsonObject("delta").getString("content", ""));
            }
        }
        return text.toString();
    }
}
