package dev.millrace.gateway;

import static dev.millrace.gateway.ConversationFixture.AGAIN;
import static dev.millrace.gateway.ConversationFixture.HELLO;
import static dev.millrace.gateway.ConversationFixture.HI;
import static dev.millrace.gateway.HttpChat.code;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Prompt;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Conversations that go on by their name, with Kafka in memory and a worker played by the test. */
@Timeout(30)
class KeptConversationsTest {
    @AutoClose
    private final ConversationFixture chat;

    private final FakeKafka kafka;
    private final HttpChat http;

    KeptConversationsTest() throws Exception {
        chat = new ConversationFixture();
        kafka = chat.kafka;
        http = chat.http;
    }

    @Test
    void goesOnFromItsLatestTurn() throws Exception {
        String id = created();
        JsonObject first = turn(question("Hi", id), "Hello");
        turn(question("Again", id), "Yes");
        turn(question("Why?", id), "So");

        assertThat(kafka.prompts().get(0).getMessages()).containsExactly(HI);
        assertThat(kafka.prompts().get(1).getMessages()).containsExactly(HI, HELLO, AGAIN);
        assertThat(kafka.prompts().get(2).getMessages()).hasSize(5).startsWith(HI, HELLO, AGAIN);
        assertThat(kafka.prompts()).extracting(Prompt::getConversation).containsOnly(id);
        assertThat(first.getJsonObject("conversation").getString("id")).isEqualTo(id);
        assertThat(first.getBoolean("store")).isTrue();
    }

    @Test
    void keepsOneTurnOfEach() throws Exception {
        String id = created();
        turn(question("Hi", id), "Hello");
        turn(question("Again", id), "Yes");

        await().until(() -> kafka.sentTo("turns").size() == 3);
        List<ProducerRecord<byte[], byte[]>> turns = kafka.sentTo("turns");
        assertThat(turns.get(2).value()).isNull();
        assertThat(turns.get(2).key()).isEqualTo(turns.get(0).key());
    }

    @Test
    void tellsWhatItIs() throws Exception {
        JsonObject metadata = new JsonObject().put("topic", "moon");
        JsonObject created = ok(post(new JsonObject().put("metadata", metadata).put("items", new JsonArray())));
        String id = created.getString("id");
        turn(question("Hi", id), "Hello");

        JsonObject retrieved = ok(request("GET", id));

        assertThat(retrieved).isEqualTo(created);
        assertThat(retrieved.getJsonObject("metadata")).isEqualTo(metadata);
        assertThat(retrieved.getString("object")).isEqualTo("conversation");
    }

    @Test
    void deletesItWithItsTurns() throws Exception {
        String id = created();
        turn(question("Hi", id), "Hello");

        JsonObject deleted = ok(request("DELETE", id));

        assertThat(deleted.getString("object")).isEqualTo("conversation.deleted");
        assertThat(deleted.getString("id")).isEqualTo(id);
        assertThat(code(request("GET", id))).isEqualTo("conversation_not_found");
        assertThat(request("DELETE", id).statusCode()).isEqualTo(404);
        assertThat(code(http.respond(question("Again", id)).join())).isEqualTo("conversation_not_found");
        await().until(() -> kafka.sentTo("turns").size() == 2);
        assertThat(kafka.sentTo("turns").get(1).value()).isNull();
    }

    @Test
    void takesAnyOtherNameForAKey() throws Exception {
        turn(question("Hi", "conv_42"), "Hello");
        turn(question("Again", "conv_42"), "Yes");

        assertThat(kafka.prompts().get(1).getMessages()).containsExactly(AGAIN);
        assertThat(kafka.turns()).isEmpty();
    }

    @Test
    void refusesAnIdThatItDidNotGive() throws Exception {
        String id = created();
        String changed = id.substring(0, 30) + (id.charAt(30) == 'A' ? 'B' : 'A') + id.substring(31);

        assertThat(http.respond(question("Hi", changed)).join().statusCode()).isEqualTo(404);
        assertThat(code(request("GET", changed))).isEqualTo("conversation_not_found");
        assertThat(code(request("GET", "anything"))).isEqualTo("conversation_not_found");
    }

    @Test
    void answersOneTurnAfterTheOther() throws Exception {
        String id = created();
        ok(http.respond(question("Hi", id).put("background", true)).join());

        HttpResponse<String> refused = http.respond(question("Again", id)).join();

        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(code(refused)).isEqualTo("previous_response_unfinished");
    }

    @Test
    void refusesOneOfTwoTurnsAtOnce() throws Exception {
        String id = created();

        var both = List.of(http.respond(question("Hi", id)), http.respond(question("Hi", id)));
        ReplyEvents worker = chat.worker();
        await().until(() -> both.stream().anyMatch(CompletableFuture::isDone));
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "Hello"), worker.finished(FinishReason.STOP, ""));

        assertThat(both).extracting(answer -> answer.join().statusCode()).containsExactlyInAnyOrder(200, 409);
        assertThat(kafka.prompts()).hasSize(1);
    }

    @Test
    void tellsNothingOfAnAnswerBeforeTheConversationStandsThere() throws Exception {
        FakeKafka slow = new FakeKafka(false);
        try (ConversationFixture behind = new ConversationFixture(slow)) {
            var creating = behind.http.sendAsync(
                    behind.http.post(HttpChat.CONVERSATIONS, "{}").build());
            acknowledge(slow, "conversations", 1);
            String id = ok(creating.join()).getString("id");

            var answer = behind.http.respond(question("Hi", id));
            acknowledge(slow, "turns", 1);
            ReplyEvents worker = behind.worker();
            slow.reply(worker.claimed(), worker.tokens(0, 1, "Hello"), worker.finished(FinishReason.STOP, ""));
            await().during(Duration.ofMillis(200)).until(() -> !answer.isDone());
            acknowledge(slow, "prompts", 1);
            await().during(Duration.ofMillis(200)).until(() -> !answer.isDone());
            acknowledge(slow, "conversations", 2);

            assertThat(ok(answer.join()).getString("status")).isEqualTo("completed");
        }
    }

    /** Awaits the so-manieth record there, and what it is acknowledged by. */
    private static void acknowledge(FakeKafka kafka, String topic, int count) {
        await().until(() -> kafka.sentTo(topic).size() == count);
        await().until(kafka.producer::completeNext);
    }

    @Test
    void refusesWhatItDoesNotKeep() throws Exception {
        JsonObject items = new JsonObject().put("items", new JsonArray().add(new JsonObject()));
        JsonObject number = new JsonObject().put("metadata", new JsonObject().put("n", 1));
        JsonObject list = new JsonObject().put("metadata", new JsonArray());
        JsonObject unknown = new JsonObject().put("title", "Moon");
        JsonObject longKey = new JsonObject().put("metadata", new JsonObject().put("x".repeat(65), ""));

        assertThat(code(post(items))).isEqualTo("unsupported_value");
        assertThat(code(post(number))).isEqualTo("invalid_type");
        assertThat(code(post(list))).isEqualTo("invalid_type");
        assertThat(code(post(unknown))).isEqualTo("unknown_parameter");
        assertThat(code(post(longKey))).isEqualTo("invalid_value");
        assertThat(http.stream(http.request("DELETE", HttpChat.CONVERSATIONS).build())
                        .join()
                        .statusCode())
                .isEqualTo(405);
    }

    private String created() throws Exception {
        return Objects.requireNonNull(ok(post(new JsonObject())).getString("id"));
    }

    private HttpResponse<String> post(JsonObject body) throws Exception {
        return http.send(http.post(HttpChat.CONVERSATIONS, body.encode()).build());
    }

    private HttpResponse<String> request(String method, String id) throws Exception {
        return http.send(http.request(method, HttpChat.CONVERSATIONS + "/" + id).build());
    }

    private JsonObject turn(JsonObject asked, String text) throws Exception {
        return chat.turn(asked, FinishReason.STOP, text);
    }

    private static JsonObject question(String input, String conversation) {
        return ConversationFixture.question(input).put("conversation", conversation);
    }

    private static JsonObject ok(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new JsonObject(answer.body());
    }
}
