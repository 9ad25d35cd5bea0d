package dev.millrace.gateway;

import static dev.millrace.gateway.ChatClient.shown;
import static dev.millrace.gateway.ChatClient.types;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.Role;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The path of a prompt and of its answer, with clients on real sockets. */
class GatewayTest {
    private static final Writer FIRST = new Writer(1000, 1);
    private static final Writer SECOND = new Writer(2000, 2);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture();

    private final FakeKafka kafka = gateway.kafka;
    private final ChatClient client = gateway.connect();

    @Test
    void sendsThePromptKeyedByItsConversation() throws Exception {
        client.say(new JsonObject()
                .put("type", "response.create")
                .put("event_id", "mine")
                .put("conversation", "c-1")
                .put("input", "東京の天気は？")
                .put("temperature", 0.5));
        JsonObject created = client.next("response.created");
        Prompt prompt = kafka.awaitPrompt();

        assertThat(prompt.getConversation()).isEqualTo("c-1");
        assertThat(prompt.getMessages()).containsExactly(new Message(Role.USER, "東京の天気は？"));
        assertThat(prompt.getSampling().getTemperature()).isEqualTo(0.5f);
        assertThat(prompt.getReplyTo()).isEqualTo(new ReplyAddress("replies", 5, FakeKafka.FIRST_OFFSET));
        assertThat(FakeKafka.key(kafka.sentTo("prompts").get(0))).isEqualTo("c-1");
        assertThat(created.getString("event_id")).isEqualTo("mine");
        assertThat(created.getString("response_id")).isEqualTo(prompt.getId().toString());
    }

    @Test
    void streamsTheAnswerAndMakesOneDeltaOfWhatComesTogether() throws Exception {
        ReplyEvents worker = ask("東京の天気は？");

        kafka.reply(worker.claimed(), worker.tokens(0, 2, "晴れ"), worker.tokens(2, 1, "です"));
        List<JsonObject> begin = client.upTo("response.output_text.delta");
        kafka.reply(worker.finished(FinishReason.STOP, "。"));
        List<JsonObject> end = client.upTo("response.completed");

        assertThat(types(begin))
                .containsExactly(
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta");
        assertThat(begin.get(3).getString("delta")).isEqualTo("晴れです");
        assertThat(begin)
                .extracting(frame -> frame.getInteger("sequence_number"))
                .containsExactly(16, 17, 18, 27);
        assertThat(types(end))
                .containsExactly(
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(end.get(1).getString("text")).isEqualTo("晴れです。");
        assertThat(end).extracting(frame -> frame.getInteger("sequence_number")).containsExactly(35, 36, 37, 38, 39);
        assertThat(end)
                .allMatch(frame ->
                        frame.getString("response_id").equals(worker.promptId().toString()));
        assertThat(gateway.metric("millrace_gateway_responses_running")).isZero();
    }

    @Test
    void asksForAPositionThatItHasRead() throws Exception {
        ReplyEvents worker = ask("first");
        kafka.reply(worker.claimed(), worker.finished(FinishReason.STOP, ""));
        client.upTo("response.completed");

        client.ask("second");
        client.next("response.created");

        assertThat(kafka.awaitPrompt().getReplyTo().getOffset()).isEqualTo(FakeKafka.FIRST_OFFSET + 2);
    }

    @Test
    void hidesTheDeathOfAWorker() throws Exception {
        ReplyEvents dead = ask("a story");
        ReplyEvents next = new ReplyEvents(dead.promptId(), SECOND);

        kafka.reply(dead.claimed(), dead.tokens(0, 2, "Once upon"));
        List<JsonObject> frames = client.upTo("response.output_text.delta");
        kafka.reply(next.claimed(), next.queued(3), dead.tokens(2, 1, " a zombie"), next.prefilled(5, 9));
        kafka.reply(next.tokens(2, 1, " a time"), dead.finished(FinishReason.ERROR, ""));
        kafka.reply(next.finished(FinishReason.STOP, "."));
        frames.addAll(client.upTo("response.completed"));

        assertThat(shown(frames)).isEqualTo("Once upon a time.");
        assertThat(types(frames))
                .doesNotContain("response.restarted", "response.queued", "response.progress", "response.failed");
    }

    @Test
    void startsOverWhenAnotherModelTakesOver() throws Exception {
        ReplyEvents dead = ask("a story");
        ReplyEvents other = new ReplyEvents(dead.promptId(), SECOND);

        kafka.reply(dead.claimed(), dead.tokens(0, 2, "Once upon"));
        List<JsonObject> frames = client.upTo("response.output_text.delta");
        kafka.reply(other.claimed(), other.restarted(), other.tokens(0, 1, "Long ago"));
        kafka.reply(other.finished(FinishReason.STOP, "."));
        frames.addAll(client.upTo("response.completed"));

        assertThat(types(frames)).contains("response.restarted");
        assertThat(shown(frames)).isEqualTo("Long ago.");
        assertThat(Accumulated.text(frames)).isEqualTo("Long ago.");
    }

    @Test
    void runsSeveralResponsesOnOneSocket() throws Exception {
        ReplyEvents one = ask("one");
        ReplyEvents two = ask("two");

        kafka.reply(one.claimed(), two.claimed(), two.tokens(0, 1, "2"), one.tokens(0, 1, "1"));
        kafka.reply(two.finished(FinishReason.STOP, ""));
        List<JsonObject> frames = client.upTo("response.completed");
        kafka.reply(one.finished(FinishReason.STOP, ""));
        frames.addAll(client.upTo("response.completed"));

        assertThat(shown(of(one, frames))).isEqualTo("1");
        assertThat(shown(of(two, frames))).isEqualTo("2");
        assertThat(of(one, frames))
                .extracting(frame -> frame.getInteger("sequence_number"))
                .containsExactly(16, 17, 18, 19, 28, 29, 30, 31);
    }

    @Test
    void cancelsAndForwardsTheTerminalThatComes() throws Exception {
        ReplyEvents worker = ask("a very long story");
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "Once"));
        client.upTo("response.output_text.delta");

        client.say(new JsonObject()
                .put("type", "response.cancel")
                .put("response_id", worker.promptId().toString()));
        await().until(() -> kafka.cancellations().size() == 1);
        kafka.reply(worker.finished(FinishReason.CANCELLED, ""));
        List<JsonObject> end = client.upTo("response.incomplete");

        Cancellation cancellation = kafka.cancellations().get(0);
        assertThat(cancellation.getPromptId()).isEqualTo(worker.promptId());
        assertThat(FakeKafka.key(kafka.sentTo("controls").get(0)))
                .isEqualTo(FakeKafka.key(kafka.sentTo("prompts").get(0)));
        assertThat(end.get(end.size() - 1).getJsonObject("response").getJsonObject("incomplete_details"))
                .isEqualTo(new JsonObject().put("reason", "cancelled"));
    }

    @Test
    void saysWhyAWorkerRefuses() throws Exception {
        ReplyEvents worker = ask("too much");

        kafka.reply(
                worker.claimed(),
                worker.failed(new Failure("invalid_prompt", "must be at least 1", "sampling.maxNewTokens")));
        JsonObject failed = client.next("response.failed");

        assertThat(failed.getJsonObject("response").getJsonObject("error"))
                .isEqualTo(new JsonObject()
                        .put("code", "invalid_prompt")
                        .put("message", "must be at least 1")
                        .put("param", "max_new_tokens"));
    }

    @Test
    void tellsWatchersWhatItDoes() throws Exception {
        ReplyEvents worker = ask("hello");
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "Hello"));
        client.upTo("response.output_text.delta");

        assertThat(gateway.operations("/readyz")).isEqualTo("ok\n");
        assertThat(gateway.metric("millrace_gateway_sockets")).isEqualTo(1);
        assertThat(gateway.metric("millrace_gateway_responses_running")).isEqualTo(1);
        assertThat(gateway.metric("millrace_gateway_prompts_sent_total")).isEqualTo(1);
        assertThat(gateway.metric("millrace_gateway_frames_sent_total")).isEqualTo(5);
        assertThat(gateway.metric("millrace_gateway_frame_bytes_sent_total")).isPositive();
        assertThat(gateway.metric("millrace_gateway_time_to_first_token_seconds_count"))
                .isEqualTo(1);
    }

    @Test
    void tellsItsClientsToConnectAgainWhenItStops() {
        gateway.stop();

        await().until(() -> client.socket().isClosed());
        assertThat(client.socket().closeStatusCode()).isEqualTo((short) 1012);
        assertThat(client.socket().closeReason()).isEqualTo("gateway_stops");
    }

    /** Sends a prompt and gives the worker that will claim it first. */
    private ReplyEvents ask(String input) throws InterruptedException {
        client.ask(input);
        client.next("response.created");
        return new ReplyEvents(kafka.awaitPrompt().getId(), FIRST);
    }

    private static List<JsonObject> of(ReplyEvents worker, List<JsonObject> frames) {
        return frames.stream()
                .filter(frame ->
                        frame.getString("response_id").equals(worker.promptId().toString()))
                .toList();
    }
}
