package dev.millrace.gateway;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/** A conversation over HTTP, turn by turn, with Kafka in memory and a worker that says what the test tells it to. */
final class ConversationFixture implements AutoCloseable {
    static final Message HI = new Message(Role.USER, "Hi");
    static final Message HELLO = new Message(Role.ASSISTANT, "Hello");
    static final Message AGAIN = new Message(Role.USER, "Again");

    private static final Writer WRITER = new Writer(1000, 1);

    final FakeKafka kafka;
    final GatewayFixture gateway;
    final HttpChat http;

    ConversationFixture() throws Exception {
        this(new FakeKafka(true));
    }

    ConversationFixture(FakeKafka kafka) throws Exception {
        this.kafka = kafka;
        gateway = new GatewayFixture(SessionLimits.of(Duration.ofSeconds(5)), kafka);
        http = new HttpChat(gateway.httpPort());
    }

    static JsonObject question(Object input) {
        return new JsonObject().put("input", input);
    }

    /** Who answers the next prompt. */
    ReplyEvents worker() {
        return new ReplyEvents(kafka.awaitPrompt().getId(), WRITER);
    }

    /** Asks and answers. Returns the response. */
    JsonObject turn(JsonObject asked, FinishReason reason, String text) throws Exception {
        var answer = http.respond(asked);
        ReplyEvents worker = worker();
        kafka.reply(worker.claimed(), worker.tokens(0, 1, text), worker.finished(reason, ""));
        return http.response(answer.join());
    }

    @Override
    public void close() {
        gateway.close();
    }
}
