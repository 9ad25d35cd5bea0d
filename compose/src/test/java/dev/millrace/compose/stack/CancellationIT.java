package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Prompt;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A cancellation ends its prompt, also when it comes first, and the slot is there for the next. */
class CancellationIT {
    private static Expected longest;
    private static Client client;
    private static JavaProcess worker;

    @BeforeAll
    static void startWorker() throws IOException {
        longest = Expected.longest();
        Installation installation = Installation.create(CancellationIT.class);
        client = new Client(installation);
        worker = installation.startWorker("--slots=1", "--pace-tokens-per-second=40");
    }

    @AfterAll
    static void stopWorker() throws Exception {
        client.close();
        worker.terminate();
        worker.close();
    }

    @Test
    void aRunningAnswerEndsAndItsSlotIsFree() throws Exception {
        Prompt cancelled = longest.greedyPrompt();
        Prompt waiting = longest.greedyPrompt();
        waiting.getSampling().setMaxNewTokens(5);
        UUID running = client.send(cancelled);
        client.awaitTokens(running, 10);
        UUID next = client.send(waiting);

        client.cancel(cancelled);

        Reply reply = client.awaitEnd(running);
        assertThat(reply.finished().getReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(longest.answer()).startsWith(reply.text());
        assertThat(reply.ids()).hasSizeLessThan(longest.answerIds().size());
        assertThat(client.awaitEnd(next).finished().getReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(client.awaitEnd(running).terminalEvents()).isEqualTo(1);
    }

    @Test
    void aCancellationMayComeBeforeItsPrompt() throws Exception {
        Prompt prompt = longest.greedyPrompt();

        client.cancel(prompt);
        Reply reply = client.ask(prompt);

        assertThat(reply.finished().getReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(reply.finished().getUsage().getCompletionTokens())
                .isLessThan(longest.answerIds().size());
    }
}
