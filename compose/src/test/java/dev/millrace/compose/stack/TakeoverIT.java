package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.schemas.Claim;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Sampling;
import java.io.IOException;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A worker dies in mid-answer; the next one goes on where the log ends. */
class TakeoverIT {

    /** Slow enough that the kill meets a running answer, on a busy machine too. */
    private static final String PACE = "--pace-tokens-per-second=40";

    private static final int TOKENS_BEFORE_THE_KILL = 20;

    private static Expected longest;
    private static Installation installation;
    private static Client client;

    @BeforeAll
    static void prepare() throws IOException {
        longest = Expected.longest();
        installation = Installation.create(TakeoverIT.class);
        client = new Client(installation);
    }

    @AfterAll
    static void close() {
        client.close();
    }

    static Stream<Supplier<Sampling.Builder>> samplings() {
        return Stream.of(
                () -> Sampling.newBuilder().setTemperature(0f),
                () -> Sampling.newBuilder().setTemperature(0.8f).setSeed(20_260_923L));
    }

    @ParameterizedTest
    @MethodSource("samplings")
    void theAnswerIsWholeThoughItsWorkerWasKilled(Supplier<Sampling.Builder> sampling) throws Exception {
        UUID disturbed;
        int tokensBeforeTheKill;
        Reply undisturbed;
        Reply reply;
        try (JavaProcess first = installation.startWorker(PACE, "--worker-id=first")) {
            disturbed = client.send(longest.prompt(sampling.get()));
            Reply soFar = client.awaitTokens(disturbed, TOKENS_BEFORE_THE_KILL);
            first.kill();
            tokensBeforeTheKill = soFar.ids().size();
            assertThat(soFar.ended()).isFalse();
        }

        try (JavaProcess second = installation.startWorker("--worker-id=second")) {
            reply = client.awaitEnd(disturbed);
            undisturbed = client.ask(longest.prompt(sampling.get()));
            second.terminate();
        }

        assertThat(reply.finished().getReason()).isIn(FinishReason.STOP, FinishReason.LENGTH);
        assertThat(reply.ids()).hasSizeGreaterThan(tokensBeforeTheKill);
        assertThat(reply.ids()).isEqualTo(undisturbed.ids());
        assertThat(reply.text()).isEqualTo(undisturbed.text());
        assertThat(reply.finished().getUsage().getCompletionTokens())
                .isEqualTo(undisturbed.finished().getUsage().getCompletionTokens());
        assertThat(reply.claims().stream().map(Claim::workerId)).containsExactly("first-cpu", "second-cpu");
    }
}
