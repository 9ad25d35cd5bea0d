package dev.millrace.gateway;

import static dev.millrace.gateway.ChatClient.shown;
import static dev.millrace.gateway.ChatClient.types;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ResumePoint;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.AttendanceSign;
import dev.millrace.schemas.event.FinishReason;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A response that goes on at a gateway which has never heard of it. */
class ResumeTest {
    private static final Duration SHORT_GRACE = Duration.ofSeconds(4);
    private static final ReplyEvents WORKER = new ReplyEvents(UUID.randomUUID(), new Writer(1000, 1));
    private static final CursorSeal SEAL = new CursorSeal(List.of(GatewayFixture.KEY), "replies");

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture(SessionLimits.of(SHORT_GRACE), kafka);

    private final ChatClient client = gateway.connect();

    @Test
    void givesWhatIsMissingAndWhatComes() throws Exception {
        kafka.past(WORKER.claimed(), WORKER.tokens(0, 1, "Once"), WORKER.tokens(1, 1, " upon"));

        resume(client, 3, 2 * 8 + 3);
        JsonObject resumed = client.next("response.resumed");
        JsonObject missing = client.next("response.output_text.delta");
        kafka.reply(WORKER.tokens(2, 1, " a time"), WORKER.finished(FinishReason.STOP, "."));
        List<JsonObject> rest = client.upTo("response.completed");

        assertThat(resumed.getString("event_id")).isEqualTo("again");
        assertThat(resumed.getInteger("sequence_number")).isEqualTo(19);
        assertThat(SEAL.open(resumed.getString("cursor"), "")).isEqualTo(point(3));
        assertThat(missing.getString("delta")).isEqualTo(" upon");
        assertThat(shown(rest)).isEqualTo(" a time.");
        assertThat(rest.get(rest.size() - 4).getString("text")).isEqualTo("Once upon a time.");
        assertThat(gateway.metric("millrace_gateway_responses_running")).isZero();
    }

    @Test
    void givesSeveralDevicesTheWholeOfIt() throws Exception {
        ChatClient late = gateway.connect();
        kafka.past(WORKER.claimed(), WORKER.tokens(0, 1, "Once"));

        resume(client, 2, -1);
        client.upTo("response.output_text.delta");
        resume(late, 2, -1);
        List<JsonObject> heard = late.upTo("response.output_text.delta");
        kafka.reply(WORKER.tokens(1, 1, " upon"), WORKER.finished(FinishReason.STOP, "."));
        heard.addAll(late.upTo("response.completed"));
        client.upTo("response.completed");

        assertThat(shown(heard)).isEqualTo("Once upon.");
    }

    @Test
    void givesTheRestOfOneThatEndedLongAgo() throws Exception {
        kafka.past(WORKER.claimed(), WORKER.tokens(0, 1, "Once"), WORKER.finished(FinishReason.STOP, "."));

        resume(client, 3, 19);
        List<JsonObject> heard = client.upTo("response.completed");

        assertThat(types(heard))
                .containsExactly(
                        "response.resumed",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(shown(heard)).isEqualTo(".");
    }

    @Test
    void saysThatTheLogIsGone() throws Exception {
        kafka.past(WORKER.claimed(), WORKER.tokens(0, 1, "Once"));
        kafka.forgetThePast();

        resume(client, 2, -1);
        client.next("response.resumed");
        JsonObject failed = client.next("response.failed");

        assertThat(failed.getJsonObject("response").getJsonObject("error").getString("code"))
                .isEqualTo("cursor_expired");
    }

    @Test
    void refusesCursorsThatItCannotTrust() throws Exception {
        CursorSeal foreign = new CursorSeal(List.of(new byte[31 + 1], GatewayFixture.KEY), "replies");
        byte[] unknown = new byte[32];
        unknown[0] = 1;

        assertThat(codeFor("no cursor")).isEqualTo("invalid_cursor");
        assertThat(codeFor(foreign.seal(point(1), "somebody"))).isEqualTo("invalid_cursor");
        assertThat(codeFor(new CursorSeal(List.of(unknown), "replies").seal(point(1), "")))
                .isEqualTo("cursor_key_unknown");
        assertThat(kafka.attendance()).isEmpty();
    }

    @Test
    void hasAResponseOnlyOnceOnOneSocket() throws Exception {
        kafka.past(WORKER.claimed());

        resume(client, 1, -1);
        resume(client, 1, -1);

        assertThat(client.upTo("error").stream()
                        .filter(frame -> frame.getString("type").equals("error")))
                .extracting(frame -> frame.getString("code"))
                .containsExactly("already_running");
    }

    @Test
    void takesTheDutyToCancelFromTheSocketThatItWasBegunOn() throws Exception {
        client.ask("a very long story");
        String cursor = client.next("response.created").getString("cursor");
        kafka.awaitPrompt();
        client.close();
        await().until(() -> gateway.metric("millrace_gateway_sockets") == 0);

        ChatClient second = gateway.connect();
        say(second, cursor, -1);
        second.next("response.resumed");
        await().until(() -> !kafka.attendance().isEmpty());
        kafka.attend(kafka.attendance().get(0));
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 1);
        assertThat(kafka.cancellations()).isEmpty();
        second.close();
        await().until(() -> kafka.attendance().stream().anyMatch(said -> said.getSign() == AttendanceSign.LEFT));
        kafka.attend(kafka.attendance().get(kafka.attendance().size() - 1));
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);

        assertThat(kafka.cancellations()).hasSize(1);
    }

    @Test
    void doesNotCancelWhatAnotherGatewaysClientReads() throws Exception {
        kafka.past(WORKER.claimed());
        resume(client, 1, -1);
        client.next("response.resumed");
        await().until(() -> kafka.attendance().size() == 2);

        kafka.attend(new Attendance(WORKER.promptId(), 5L, AttendanceSign.PRESENT));
        client.upTo("response.queued");
        kafka.reply(WORKER.queued(7));
        client.next("response.queued");
        client.close();
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);

        assertThat(kafka.attendance())
                .extracting(Attendance::getSign)
                .containsExactly(AttendanceSign.PRESENT, AttendanceSign.JOINED, AttendanceSign.LEFT);
        assertThat(kafka.cancellations()).isEmpty();
    }

    private String codeFor(String cursor) throws InterruptedException {
        say(client, cursor, -1);
        JsonObject error = client.next("error");
        assertThat(error.getString("event_id")).isEqualTo("again");
        return error.getString("code");
    }

    /** @param events so many stand in the log before what this gateway reads live */
    private static void resume(ChatClient client, int events, int startingAfter) {
        say(client, SEAL.seal(point(events), ""), startingAfter);
    }

    private static void say(ChatClient client, String cursor, int startingAfter) {
        client.say(new JsonObject()
                .put("type", "response.resume")
                .put("event_id", "again")
                .put("cursor", cursor)
                .put("starting_after", startingAfter));
    }

    private static ResumePoint point(int events) {
        return new ResumePoint(
                WORKER.promptId(),
                5,
                FakeKafka.FIRST_OFFSET - events,
                Instant.ofEpochSecond(1_700_000_000),
                "c",
                null,
                false,
                false);
    }
}
