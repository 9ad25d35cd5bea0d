package dev.millrace.gateway;

import static dev.millrace.gateway.ConversationFixture.AGAIN;
import static dev.millrace.gateway.ConversationFixture.HELLO;
import static dev.millrace.gateway.ConversationFixture.HI;
import static dev.millrace.gateway.ConversationFixture.question;
import static dev.millrace.gateway.HttpChat.code;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.List;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Turns that go on from one another by id, with Kafka in memory and a worker played by the test. */
@Timeout(30)
class PreviousResponseTest {
    @AutoClose
    private final ConversationFixture chat;

    private final FakeKafka kafka;
    private final HttpChat http;

    PreviousResponseTest() throws Exception {
        chat = new ConversationFixture();
        kafka = chat.kafka;
        http = chat.http;
    }

    @Test
    void sendsTheHistoryThatItsClientLeavesOut() throws Exception {
        String first = turn(stored("Hi"), FinishReason.STOP, "Hello");
        String second = turn(stored("Again").put("previous_response_id", first), FinishReason.STOP, "Yes");
        turn(question("Why?").put("previous_response_id", second), FinishReason.STOP, "So");

        List<Prompt> prompts = kafka.prompts();
        assertThat(prompts.get(1).getMessages()).containsExactly(HI, HELLO, AGAIN);
        assertThat(prompts.get(2).getMessages())
                .containsExactly(HI, HELLO, AGAIN, new Message(Role.ASSISTANT, "Yes"), new Message(Role.USER, "Why?"));
        assertThat(prompts)
                .extracting(Prompt::getConversation)
                .containsOnly(prompts.get(0).getConversation());
        assertThat(kafka.turns()).hasSize(2);
    }

    @Test
    void keepsATurnBeforeItsPromptIsSent() throws Exception {
        turn(stored("Hi"), FinishReason.STOP, "Hello");

        assertThat(kafka.producer.history())
                .extracting(record -> record.topic())
                .containsExactly("turns", "prompts");
        assertThat(kafka.turns().get(0)).isEqualTo(kafka.prompts().get(0));
    }

    @Test
    void asksNothingThatCouldNotBeKept() throws Exception {
        FakeKafka failing = new FakeKafka(false);
        try (ConversationFixture behind = new ConversationFixture(failing)) {
            var answer = behind.http.respond(stored("Hi"));
            await().until(() -> failing.producer.errorNext(new TimeoutException("away")));

            assertThat(answer.join().statusCode()).isEqualTo(503);
            assertThat(code(answer.join())).isEqualTo("prompt_not_sent");
            assertThat(failing.prompts()).isEmpty();
        }
    }

    @Test
    void goesOnFromWhatIsIncompleteWithTheTextThatThereIs() throws Exception {
        String first = turn(stored("Hi"), FinishReason.CANCELLED, "Hello");
        turn(question("Again").put("previous_response_id", first), FinishReason.STOP, "Yes");

        assertThat(kafka.prompts().get(1).getMessages()).containsExactly(HI, HELLO, AGAIN);
    }

    @Test
    void goesOnFromWhatFailedWithoutAnAnswer() throws Exception {
        JsonObject background = stored("Hi").put("background", true);
        String first = http.response(http.respond(background).join()).getString("id");
        ReplyEvents worker = chat.worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, "He"), worker.failed(new Failure("internal", "x", null)));
        turn(question("Again").put("previous_response_id", first), FinishReason.STOP, "Yes");

        assertThat(kafka.prompts().get(1).getMessages()).containsExactly(HI, AGAIN);
    }

    @Test
    void takesOverNoInstructions() throws Exception {
        String first = turn(stored("Hi").put("instructions", "Be brief"), FinishReason.STOP, "Hello");
        String second = turn(
                stored("Again").put("previous_response_id", first).put("instructions", "Be kind"),
                FinishReason.STOP,
                "Yes");
        turn(question("Why?").put("previous_response_id", second), FinishReason.STOP, "So");

        assertThat(systemParts(0)).containsExactly("Be brief");
        assertThat(systemParts(1)).containsExactly("Be kind");
        assertThat(systemParts(2)).isEmpty();
    }

    @Test
    void takesOverASystemPartThatIsAMessageButForALaterOne() throws Exception {
        String first = turn(stored(withSystem("Be brief", "Hi")), FinishReason.STOP, "Hello");
        String second = turn(stored("Again").put("previous_response_id", first), FinishReason.STOP, "Yes");
        turn(
                question("Why?").put("previous_response_id", second).put("instructions", "Be kind"),
                FinishReason.STOP,
                "So");
        turn(stored(withSystem("Be long", "Go")).put("previous_response_id", second), FinishReason.STOP, "Gone");

        assertThat(systemParts(1)).containsExactly("Be brief");
        assertThat(systemParts(2)).containsExactly("Be kind");
        assertThat(systemParts(3)).containsExactly("Be long");
    }

    @Test
    void keepsTheWholeWhereTheModelSeesOnlyTheRequest() throws Exception {
        String first = turn(stored("Hi"), FinishReason.STOP, "Hello");
        JsonObject alone = stored("Again").put("previous_response_id", first).put("include_history", false);
        turn(alone, FinishReason.STOP, "Yes");

        assertThat(kafka.prompts().get(1).getMessages()).containsExactly(AGAIN);
        assertThat(kafka.turns().get(1).getMessages()).containsExactly(HI, HELLO, AGAIN);
    }

    @Test
    void refusesToGoOnFromWhatIsNotThere() throws Exception {
        String notStored = turn(question("Hi"), FinishReason.STOP, "Hello");

        for (String id : List.of(notStored, "resp_nothing", "nothing")) {
            HttpResponse<String> refused = http.respond(question("Again").put("previous_response_id", id))
                    .join();
            assertThat(refused.statusCode()).isEqualTo(404);
            assertThat(code(refused)).isEqualTo("previous_response_not_found");
        }
        assertThat(kafka.prompts()).hasSize(1);
        assertThat(kafka.turns()).isEmpty();
    }

    @Test
    void refusesToGoOnFromWhatStillRuns() throws Exception {
        String first = http.response(
                        http.respond(stored("Hi").put("background", true)).join())
                .getString("id");

        HttpResponse<String> refused = http.respond(question("Again").put("previous_response_id", first))
                .join();

        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(code(refused)).isEqualTo("previous_response_unfinished");
    }

    @Test
    void refusesAConversationThatIsTooLarge() throws Exception {
        String half = "x".repeat(600 << 10);
        String first = turn(stored(half), FinishReason.STOP, "Hello");

        assertThat(code(http.respond(stored(half + half)).join())).isEqualTo("conversation_too_large");
        assertThat(code(http.respond(question(half).put("previous_response_id", first))
                        .join()))
                .isEqualTo("conversation_too_large");
        assertThat(kafka.prompts()).hasSize(1);
    }

    @Test
    void refusesTwoPlacesToGoOnFrom() throws Exception {
        JsonObject both = question("Hi").put("previous_response_id", "resp_x").put("conversation", "c");

        assertThat(code(http.respond(both).join())).isEqualTo("invalid_value");
    }

    @Test
    void forgetsWhatItsClientDeletes() throws Exception {
        String first = turn(stored("Hi"), FinishReason.STOP, "Hello");

        HttpResponse<String> deleted = delete(first);
        HttpResponse<String> refused = http.respond(question("Again").put("previous_response_id", first))
                .join();

        assertThat(deleted.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(deleted.body()).getString("object")).isEqualTo("response.deleted");
        assertThat(code(refused)).isEqualTo("previous_response_not_found");
        assertThat(kafka.sentTo("turns").get(1).value()).isNull();
        assertThat(delete(first).statusCode()).isEqualTo(404);
        assertThat(http.send(http.request("GET", HttpChat.RESPONSES + "/" + first)
                                .build())
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void deletesNothingThatIsNotStored() throws Exception {
        String first = turn(question("Hi"), FinishReason.STOP, "Hello");

        assertThat(delete(first).statusCode()).isEqualTo(404);
        assertThat(code(delete("resp_nothing"))).isEqualTo("response_not_found");
        assertThat(kafka.sentTo("conversations")).isEmpty();
    }

    @Test
    void tellsOverTheSocketWhichRequestIsRefused() throws Exception {
        ChatClient client = chat.gateway.connect();
        client.say(new JsonObject()
                .put("type", "response.create")
                .put("event_id", "q1")
                .put("input", "Again")
                .put("previous_response_id", "resp_nothing"));

        JsonObject error = client.next("error");

        assertThat(error.getString("code")).isEqualTo("previous_response_not_found");
        assertThat(error.getString("event_id")).isEqualTo("q1");
        assertThat(error.getString("param")).isEqualTo("previous_response_id");
    }

    @Test
    void goesOnOverTheSocket() throws Exception {
        String first = turn(stored("Hi"), FinishReason.STOP, "Hello");
        ChatClient client = chat.gateway.connect();
        client.say(stored("Again").put("type", "response.create").put("previous_response_id", first));

        JsonObject created = client.next("response.created");
        Prompt prompt = kafka.awaitPrompt();

        assertThat(created.getJsonObject("response").getBoolean("store")).isTrue();
        assertThat(prompt.getMessages()).containsExactly(HI, HELLO, AGAIN);
    }

    /** Asks and answers. Returns the response's id. */
    private String turn(JsonObject asked, FinishReason reason, String text) throws Exception {
        return chat.turn(asked, reason, text).getString("id");
    }

    private HttpResponse<String> delete(String id) throws Exception {
        return http.send(http.request("DELETE", HttpChat.RESPONSES + "/" + id).build());
    }

    private List<String> systemParts(int prompt) {
        return kafka.prompts().get(prompt).getMessages().stream()
                .filter(message -> message.getRole() == Role.SYSTEM)
                .map(Message::getContent)
                .toList();
    }

    private static JsonObject stored(Object input) {
        return question(input).put("store", true);
    }

    private static JsonArray withSystem(String system, String user) {
        return new JsonArray()
                .add(new JsonObject().put("role", "system").put("content", system))
                .add(new JsonObject().put("role", "user").put("content", user));
    }
}
