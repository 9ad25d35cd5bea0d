package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A prompt on which every worker dies, among others that have done nothing wrong. */
class PoisonousPromptIT {

    private static final String PACE = "--pace-tokens-per-second=40";
    private static final int TURNS = 3;
    private static final int CRASHES = 4;

    private static Expected longest;
    private static Installation installation;
    private static Client client;

    @BeforeAll
    static void prepare() throws IOException {
        longest = Expected.longest();
        installation = Installation.create(PoisonousPromptIT.class);
        client = new Client(installation);
    }

    @AfterAll
    static void close() {
        client.close();
    }

    @Test
    void isGivenUpAndTheOthersAreAnswered() throws Exception {
        Prompt poison = silentPrompt();
        Expected other = ofMediumLength();
        List<UUID> neighbours;
        try (JavaProcess first = installation.startWorker(PACE)) {
            neighbours = List.of(client.send(other.greedyPrompt()), client.send(other.greedyPrompt()));
            for (UUID neighbour : neighbours) {
                client.awaitTokens(neighbour, 5);
            }
            client.send(poison);
            client.awaitStarts(poison.getId(), 1);
            first.kill();
        }
        for (int crash = 2; crash <= CRASHES; crash++) {
            try (JavaProcess next = installation.startWorker(PACE)) {
                client.awaitStarts(poison.getId(), crash);
                next.kill();
            }
        }

        try (JavaProcess last = installation.startWorker()) {
            Reply reply = client.awaitEnd(poison.getId());
            assertThat(reply.ids()).as("the kills came before the first token").isEmpty();
            assertThat(Objects.requireNonNull(reply.finished().getError()).getCode())
                    .isEqualTo("poisonous");
            assertThat(EventCodec.PROMPT
                            .decode(client.awaitDeadLetter().value())
                            .getId())
                    .isEqualTo(poison.getId());
            for (UUID neighbour : neighbours) {
                Reply answer = client.awaitEnd(neighbour);
                assertThat(answer.finished().getReason()).isEqualTo(FinishReason.STOP);
                assertThat(answer.text()).isEqualTo(other.answer());
            }
            assertThat(client.noDeadLetter()).isTrue();
            last.terminate();
        }
    }

    @Test
    void isNotWhatWorkersWereStoppedOver() throws Exception {
        Prompt innocent = silentPrompt();
        client.send(innocent);
        for (int stop = 1; stop <= CRASHES + 1; stop++) {
            try (JavaProcess worker = installation.startWorker(PACE)) {
                client.awaitStarts(innocent.getId(), stop);
                worker.terminate();
            }
        }

        try (JavaProcess last = installation.startWorker()) {
            assertThat(client.awaitEnd(innocent.getId()).finished().getReason()).isEqualTo(FinishReason.LENGTH);
            last.terminate();
        }
    }

    @Test
    void aDeviceThatDoesNotComeBackIsGivenUpAndAnotherTakesOver() throws Exception {
        Prompt prompt = longPrompt();
        try (JavaProcess stuck = installation.startWorker("--batch-tokens=4096", "--longest-step=100ms")) {
            client.send(prompt);

            assertThat(stuck.exitStatus()).isEqualTo(1);
            assertThat(stuck.standardError()).contains("the device has not come back from a step within 100 ms");
        }

        try (JavaProcess last = installation.startWorker()) {
            assertThat(client.awaitEnd(prompt.getId()).finished().getReason()).isEqualTo(FinishReason.LENGTH);
            last.terminate();
        }
    }

    /** Runs through all the crashes, and does not take long to end. */
    private static Expected ofMediumLength() throws IOException {
        return Expected.all().stream()
                .filter(expected -> expected.answerIds().size() > 250
                        && expected.answerIds().size() < 450)
                .findFirst()
                .orElseThrow();
    }

    /** Runs for seconds and says nothing meanwhile, since its text may still become the stop string. */
    private static Prompt silentPrompt() {
        Prompt prompt = longest.greedyPrompt();
        prompt.getSampling().setMaxNewTokens(150);
        prompt.getSampling().setStop(List.of(longest.answer().substring(0, 250) + "#"));
        return prompt;
    }

    /** The same question over and over. */
    private static Prompt longPrompt() {
        List<Message> messages = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
            messages.addAll(longest.messages());
            messages.add(new Message(Role.ASSISTANT, longest.answer()));
        }
        messages.addAll(longest.messages());
        Prompt prompt = longest.greedyPrompt();
        prompt.setMessages(messages);
        prompt.getSampling().setMaxNewTokens(20);
        return prompt;
    }
}
