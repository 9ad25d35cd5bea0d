package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.worker.engine.Adapters;
import dev.millrace.worker.engine.Adapters.Adapter;
import dev.millrace.worker.engine.ChatTemplate;
import dev.millrace.worker.engine.FakeDecoder;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Prompts that name an adapter, and who goes on with them. */
class AdapterPromptTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final int LENGTH = 60;
    private static final Adapters ADAPTERS =
            new Adapters(List.of(new Adapter("terse", "sha256:t"), new Adapter("brief", "sha256:b")));
    private static final int BRIEF = 2;
    private static final String WITH_BRIEF = "model+sha256:b";

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final Prompt prompt = prompt("hello", LENGTH);

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void isAnsweredWithTheAdapterThatItNames() throws Exception {
        prompt.setAdapter("brief");
        Prompt without = prompt("hello", LENGTH);

        answer(ADAPTERS, prompt, without);

        assertThat(completion(prompt.getId()).getText()).isEqualTo(WorkerFixture.text(completionOf(BRIEF)));
        assertThat(completion(prompt.getId()).getModelId()).isEqualTo(WITH_BRIEF);
        assertThat(claimOf(prompt.getId()).getModelId()).isEqualTo(WITH_BRIEF);
        assertThat(completion(without.getId()).getText()).isEqualTo(WorkerFixture.text(completionOf(0)));
        assertThat(claimOf(without.getId()).getModelId()).isEqualTo("model");
    }

    @Test
    void mayBeInJson() throws Exception {
        String json = "{\"id\":\"" + prompt.getId()
                + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"adapter\":\"brief\","
                + "\"sampling\":{\"temperature\":0,\"maxNewTokens\":60}}";
        try (WorkerFixture worker = worker(ADAPTERS)) {
            worker.assign();
            worker.kafka.schedulePollTask(() -> worker.addText(0, "c", json));
            await().until(() -> worker.committed() == 1);
        }

        assertThat(completion(prompt.getId()).getText()).isEqualTo(WorkerFixture.text(completionOf(BRIEF)));
    }

    @Test
    void isRefusedWithTheNamesOfThoseThatThereAre() throws Exception {
        prompt.setAdapter("absent");

        answer(ADAPTERS, prompt);

        Failure error = completion(prompt.getId()).getError();
        assertThat(error.getCode()).isEqualTo("adapter_not_found");
        assertThat(error.getParam()).isEqualTo("adapter");
        assertThat(error.getMessage()).endsWith("it has terse, brief");
    }

    @Test
    void goesOnWithTheSameAdapter() throws Exception {
        prompt.setAdapter("brief");
        begin(WITH_BRIEF, completionOf(BRIEF).subList(0, 20));

        answer(ADAPTERS, prompt);

        assertThat(restarts()).isEmpty();
        assertThat(completion(prompt.getId()).getText()).isEqualTo(WorkerFixture.text(completionOf(BRIEF)));
        assertThat(firstTokens().getFirstIndex()).isEqualTo(20);
    }

    @Test
    void startsOverWhatAnAdapterOfOtherWeightsBegan() throws Exception {
        prompt.setAdapter("brief");
        begin("model+sha256:older", List.of(65, 66, 67));

        answer(ADAPTERS, prompt);

        assertThat(restarts()).hasSize(1);
        assertThat(completion(prompt.getId()).getText()).isEqualTo(WorkerFixture.text(completionOf(BRIEF)));
    }

    /** The answer would be another one than was asked for, so there is none. */
    @Test
    void endsWhereTheNextWorkerLacksTheAdapter() throws Exception {
        prompt.setAdapter("brief");
        begin(WITH_BRIEF, List.of(65, 66, 67));

        answer(Adapters.NONE, prompt);

        Completion completion = completion(prompt.getId());
        assertThat(completion.getError().getCode()).isEqualTo("adapter_not_found");
        assertThat(completion.getError().getMessage()).endsWith("it has none");
        assertThat(completion.getText()).isEqualTo("ABC");
        assertThat(log.events()).noneMatch(event -> event.getNonce() == 1 && event.getBody() instanceof Tokens);
    }

    private void answer(Adapters adapters, Prompt... prompts) {
        try (WorkerFixture worker = worker(adapters)) {
            worker.assign(prompts);
            await().until(() -> worker.committed() == prompts.length);
        }
    }

    private WorkerFixture worker(Adapters adapters) {
        return new WorkerFixture(
                vertx, log, "model", adapters, 1, NOW_MS, Pace.UNLIMITED, () -> new FakeDecoder(8, 8000, 64));
    }

    /** An earlier owner has said so much. */
    private void begin(String modelId, List<Integer> ids) {
        log.append(new ReplyEvent(prompt.getId(), NOW_MS - 1000, 7L, new Claimed("earlier", modelId, 3)));
        log.append(
                new ReplyEvent(prompt.getId(), NOW_MS - 1000, 7L, new Tokens(0, ids, WorkerFixture.text(ids), null)));
    }

    private static List<Integer> completionOf(int adapter) throws Exception {
        int[] tokens =
                new ChatTemplate(new WorkerFixture.ByteTokenizer()).tokenize(List.of(new Message(Role.USER, "hello")));
        return FakeDecoder.completion(adapter, tokens, LENGTH);
    }

    private Completion completion(UUID promptId) throws Exception {
        for (var record : log.of("completions")) {
            Completion completion = EventCodec.COMPLETION.decode(record.value());
            if (completion.getPromptId().equals(promptId)) {
                return completion;
            }
        }
        throw new AssertionError("no completion");
    }

    private List<Delivery> restarts() {
        return log.deliveries(prompt.getId()).stream()
                .filter(Delivery.StartedOver.class::isInstance)
                .toList();
    }

    private Claimed claimOf(UUID promptId) {
        return first(promptId, Claimed.class);
    }

    private Tokens firstTokens() {
        return first(prompt.getId(), Tokens.class);
    }

    /** Of those that this worker wrote. */
    private <T> T first(UUID promptId, Class<T> type) {
        return log.events().stream()
                .filter(event -> event.getNonce() == 1 && event.getPromptId().equals(promptId))
                .map(ReplyEvent::getBody)
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow();
    }
}
