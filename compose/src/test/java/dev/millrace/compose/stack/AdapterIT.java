package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.schemas.Claim;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Prompt;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Prompts that name the demo model's adapter, through Kafka. */
class AdapterIT {

    private static final String ADAPTERS = "--adapters=../worker/demo-model/adapters";
    /** Slow enough that a kill meets a running answer. */
    private static final String PACE = "--pace-tokens-per-second=30";

    private static final int TOKENS_BEFORE_THE_KILL = 15;

    private static List<Expected> all;
    private static List<Expected> brief;
    private static Installation installation;
    private static Client client;

    @BeforeAll
    static void prepare() throws IOException {
        all = Expected.all();
        brief = Expected.brief();
        installation = Installation.create(AdapterIT.class);
        client = new Client(installation);
    }

    @AfterAll
    static void close() {
        client.close();
    }

    @Test
    void twentyAtOnceWithItAndWithoutEachGetTheirAnswer() throws Exception {
        try (JavaProcess worker = installation.startWorker(ADAPTERS, "--slots=20")) {
            List<Expected> expected = new ArrayList<>();
            List<UUID> asked = new ArrayList<>();
            for (Expected with : brief.subList(0, 10)) {
                Expected without = all.stream()
                        .filter(of -> of.messages().equals(with.messages()))
                        .findFirst()
                        .orElseThrow();
                expected.add(with);
                asked.add(client.send(withAdapter(with)));
                expected.add(without);
                asked.add(client.send(without.greedyPrompt()));
            }

            for (int i = 0; i < asked.size(); i++) {
                Reply reply = client.awaitEnd(asked.get(i));
                assertThat(reply.text()).isEqualTo(expected.get(i).answer());
                assertThat(reply.ids()).isEqualTo(expected.get(i).answerIds());
            }
            worker.terminate();
        }
    }

    @Test
    void theAnswerIsWholeThoughItsWorkerWasKilled() throws Exception {
        Expected longest = longest();
        UUID disturbed = beginAndKill(longest);

        try (JavaProcess second = installation.startWorker(ADAPTERS, "--worker-id=second")) {
            Reply reply = client.awaitEnd(disturbed);
            second.terminate();

            assertThat(reply.ids()).isEqualTo(longest.answerIds());
            assertThat(reply.text()).isEqualTo(longest.answer());
            assertThat(reply.claims().stream().map(Claim::modelId).distinct())
                    .singleElement()
                    .asString()
                    .matches("sha256:\\w{64}\\+sha256:\\w{64}");
        }
    }

    @Test
    void aWorkerWithoutItEndsTheAnswerAndAddsNothing() throws Exception {
        Expected longest = longest();
        UUID disturbed = beginAndKill(longest);

        try (JavaProcess second = installation.startWorker("--worker-id=second")) {
            Reply reply = client.awaitEnd(disturbed);
            second.terminate();

            assertThat(reply.finished().getReason()).isEqualTo(FinishReason.ERROR);
            assertThat(reply.finished().getError().getCode()).isEqualTo("adapter_not_found");
            assertThat(reply.finished().getError().getMessage())
                    .isEqualTo("this worker has no such adapter; it has none");
            assertThat(longest.answer()).startsWith(reply.text());
            assertThat(reply.ids()).hasSizeGreaterThanOrEqualTo(TOKENS_BEFORE_THE_KILL);
        }
    }

    private static UUID beginAndKill(Expected question) throws Exception {
        try (JavaProcess first = installation.startWorker(ADAPTERS, PACE, "--worker-id=first")) {
            UUID id = client.send(withAdapter(question));
            Reply soFar = client.awaitTokens(id, TOKENS_BEFORE_THE_KILL);
            first.kill();
            assertThat(soFar.ended()).isFalse();
            return id;
        }
    }

    private static Expected longest() {
        return brief.stream()
                .max(Comparator.comparingInt(expected -> expected.answerIds().size()))
                .orElseThrow();
    }

    private static Prompt withAdapter(Expected expected) {
        Prompt prompt = expected.greedyPrompt();
        prompt.setAdapter("brief");
        return prompt;
    }
}
