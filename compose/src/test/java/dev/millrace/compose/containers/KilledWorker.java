package dev.millrace.compose.containers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.stack.Client;
import dev.millrace.compose.stack.Expected;
import dev.millrace.compose.stack.Installation;
import dev.millrace.compose.stack.Reply;
import java.util.UUID;

/** The whole path on a broker of whichever make: a prompt in, its worker killed, the answer out, word for word. */
final class KilledWorker {

    /** What a broker allows whose operator has changed nothing. */
    private static final String SESSION_TIMEOUT = "--session-timeout=6s";

    private static final int TOKENS_BEFORE_THE_KILL = 10;

    private KilledWorker() {}

    static void losesNothing(Class<?> test, String bootstrap) throws Exception {
        Expected expected = Expected.longest();
        Installation installation = Installation.create(test, bootstrap);
        try (Client client = new Client(installation)) {
            UUID prompt = startAndKill(installation, client, expected);

            Reply reply;
            try (JavaProcess second = installation.startWorker(SESSION_TIMEOUT)) {
                reply = client.awaitEnd(prompt);
                second.terminate();
            }

            assertThat(reply.text()).isEqualTo(expected.answer());
            assertThat(reply.ids()).isEqualTo(expected.answerIds());
            assertThat(reply.claims()).hasSize(2);
        }
    }

    /** Slow enough to be caught in the middle. */
    private static UUID startAndKill(Installation installation, Client client, Expected expected) throws Exception {
        try (JavaProcess first = installation.startWorker(SESSION_TIMEOUT, "--pace-tokens-per-second=40")) {
            UUID prompt = client.send(expected.greedyPrompt());
            Reply soFar = client.awaitTokens(prompt, TOKENS_BEFORE_THE_KILL);
            first.kill();
            assertThat(soFar.ended()).isFalse();
            return prompt;
        }
    }
}
