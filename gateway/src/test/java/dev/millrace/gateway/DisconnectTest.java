package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A client that goes leaves its responses a grace period. */
class DisconnectTest {
    private static final Writer WRITER = new Writer(1000, 1);
    private static final SessionLimits SHORT_GRACE = new SessionLimits(4, 4 << 20, Duration.ofMillis(300));
    private static final SessionLimits LONG_GRACE = new SessionLimits(4, 4 << 20, Duration.ofMinutes(5));

    private final FakeKafka kafka = new FakeKafka(true);

    @AutoClose
    private GatewayFixture gateway = new GatewayFixture(SHORT_GRACE, kafka);

    @Test
    void cancelsWhatStillRunsAfterTheGracePeriod() throws Exception {
        ChatClient client = gateway.connect();
        client.ask("a very long story");
        client.next("response.created");
        ReplyEvents worker = new ReplyEvents(kafka.awaitPrompt().getId(), WRITER);

        client.close();
        await().until(() -> !kafka.cancellations().isEmpty());

        assertThat(kafka.cancellations().get(0).getPromptId()).isEqualTo(worker.promptId());
        assertThat(gateway.metric("millrace_gateway_responses_running")).isZero();
    }

    @Test
    void letsWhatRunsEndInItsOwnTime() throws Exception {
        gateway.close();
        FakeKafka other = new FakeKafka(true);
        gateway = new GatewayFixture(LONG_GRACE, other);
        ChatClient client = gateway.connect();
        client.ask("a short story");
        client.next("response.created");
        ReplyEvents worker = new ReplyEvents(other.awaitPrompt().getId(), WRITER);

        client.close();
        await().until(() -> gateway.metric("millrace_gateway_sockets") == 0);
        assertThat(gateway.metric("millrace_gateway_responses_running")).isEqualTo(1);
        other.reply(worker.claimed(), worker.tokens(0, 1, "Once."), worker.finished(FinishReason.STOP, ""));
        await().until(() -> gateway.metric("millrace_gateway_responses_running") == 0);

        assertThat(other.cancellations()).isEmpty();
        assertThat(gateway.metric("millrace_gateway_responses_ended_total{reason=\"stop\",}"))
                .isEqualTo(1);
    }
}
