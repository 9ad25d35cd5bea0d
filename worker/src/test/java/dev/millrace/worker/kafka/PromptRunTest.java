package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Restarted;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PromptRunTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final int LENGTH = 60;

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final List<WorkerFixture> workers = new ArrayList<>();

    @AfterEach
    void close() {
        assertThat(log.fatesMet()).as("what was to fail has failed").isTrue();
        workers.forEach(WorkerFixture::close);
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void answersAPromptAndCommitsItAfterItsTerminal() throws Exception {
        WorkerFixture worker = worker(1);
        Prompt prompt = prompt("hello", LENGTH);

        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertWhole(prompt, "hello");
        assertThat(log.of("completions"))
                .singleElement()
                .satisfies(record -> assertThat(
                                EventCodec.COMPLETION.decode(record.value()).getText())
                        .isEqualTo(WorkerFixture.text(WorkerFixture.completion("hello", LENGTH))));
    }

    @Test
    void continuesAtTheNextIndexWhatAnotherWorkerBegan() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        List<Integer> begun = WorkerFixture.completion("hello", LENGTH).subList(0, 20);
        claim(prompt, NOW_MS - 1000, 7, "model", 3);
        tokens(prompt, NOW_MS - 1000, 7, 0, begun);

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertWhole(prompt, "hello");
        assertThat(tokensOf(prompt, 1).get(0).getFirstIndex()).isEqualTo(20);
    }

    @Test
    void startsOverWhatAnotherModelBegan() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS - 1000, 7, "another model", 3);
        tokens(prompt, NOW_MS - 1000, 7, 0, List.of(65, 66, 67));

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertThat(log.deliveries(prompt.getId())).contains(new Delivery.StartedOver("model_changed"));
        assertWhole(prompt, "hello");
    }

    @Test
    void generatesNothingForAPromptThatHasItsTerminal() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS - 1000, 7, "model", 3);
        tokens(prompt, NOW_MS - 1000, 7, 0, List.of(65, 66, 67));
        log.append(new ReplyEvent(
                prompt.getId(),
                NOW_MS - 1000,
                7L,
                new Finished(FinishReason.STOP, "!", new Usage(9, 3, 0, 0), new Timings(0.0, 0.0, 0.0), null)));

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertThat(tokensOf(prompt, 1)).isEmpty();
        assertThat(log.of("completions"))
                .singleElement()
                .satisfies(record -> assertThat(
                                EventCodec.COMPLETION.decode(record.value()).getText())
                        .isEqualTo("ABC!"));
    }

    @Test
    void doesNotBelieveWhatASupersededWriterAdded() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        List<Integer> begun = WorkerFixture.completion("hello", LENGTH).subList(0, 20);
        claim(prompt, NOW_MS - 1000, 7, "model", 3);
        claim(prompt, NOW_MS - 500, 8, "model", 3);
        tokens(prompt, NOW_MS - 500, 8, 0, begun);
        tokens(prompt, NOW_MS - 1000, 7, 20, List.of(88, 88, 88));

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertWhole(prompt, "hello");
    }

    @Test
    void claimsAboveAnEarlierOwnerWithAHigherEpoch() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS + 5000, 7, "model", 3);

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertWhole(prompt, "hello");
        assertThat(log.events().get(log.events().size() - 1).getEpoch()).isEqualTo(NOW_MS + 5001);
    }

    @Test
    void leavesACopyInAnotherPartitionToTheOtherOwner() {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS + 5000, 7, "model", 2);

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertThat(tokensOf(prompt, 1)).isEmpty();
        assertThat(log.deliveries(prompt.getId())).noneMatch(Delivery.Ended.class::isInstance);
    }

    @Test
    void goesOnAfterALostSend() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        log.next(
                event -> event.getBody() instanceof Tokens tokens && tokens.getFirstIndex() > 0, ReplyLog.Fate.IS_LOST);

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertWhole(prompt, "hello");
    }

    @Test
    void startsOverAgainWhenTheRestartIsLost() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS - 1000, 7, "another model", 3);
        tokens(prompt, NOW_MS - 1000, 7, 0, List.of(65, 66, 67));
        log.next(event -> event.getBody() instanceof Restarted, ReplyLog.Fate.IS_LOST);

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertWhole(prompt, "hello");
    }

    @Test
    void ignoresAFailedSendThatLandsLate() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        log.next(
                event -> event.getBody() instanceof Tokens tokens && tokens.getFirstIndex() >= 10,
                ReplyLog.Fate.LANDS_LATE);
        WorkerFixture worker = worker(1, Pace.of(100));
        worker.assign(prompt);
        await().until(() -> tokensOf(prompt, 1).stream().anyMatch(tokens -> tokens.getFirstIndex() > 15));

        log.landLate();

        await().until(() -> worker.committed() == 1);
        assertWhole(prompt, "hello");
        assertThat(log.events())
                .filteredOn(event -> event.getBody() instanceof Tokens && event.getEpoch() == NOW_MS + 1)
                .as("tokens under the claim that was given up")
                .hasSizeLessThan(LENGTH / 2);
    }

    @Test
    void claimsAgainWhenTheClaimOrTheTerminalIsLost() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        log.next(event -> event.getBody() instanceof Claimed, ReplyLog.Fate.IS_LOST);
        log.next(event -> event.getBody() instanceof Finished, ReplyLog.Fate.LANDS_LATE);

        WorkerFixture worker = worker(1);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        log.landLate();
        assertWhole(prompt, "hello");
    }

    @Test
    void generatesADuplicateOnce() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        WorkerFixture worker = worker(1);

        worker.assign(prompt, prompt, prompt);

        await().until(() -> worker.committed() == 3);
        assertWhole(prompt, "hello");
        assertThat(log.events().stream().filter(event -> event.getBody() instanceof Claimed))
                .hasSize(1);
    }

    @Test
    void fallsSilentWhenThePartitionIsRevokedAndTheNextOwnerGoesOn() throws Exception {
        Prompt prompt = prompt("hello", LENGTH);
        WorkerFixture first = worker(1, Pace.of(30));
        first.assign(prompt);
        await().until(() -> tokensOf(prompt, 1).size() > 5);

        first.revoke();
        WorkerFixture second = worker(2);
        second.assign(prompt);

        await().until(() -> second.committed() == 1);
        assertWhole(prompt, "hello");
        assertThat(first.committed()).isZero();
        await().until(first::idle);
        assertThat(tokensOf(prompt, 1)).hasSizeLessThan(LENGTH / 2);
        assertThat(tokensOf(prompt, 2)).isNotEmpty();
    }

    @Test
    void announcesNoWholeAnswerAfterItHasLostThePartitionUnawares() throws Exception {
        WorkerFixture worker = worker(1, Pace.of(200));
        Prompt prompt = prompt("hello", LENGTH);
        worker.assign(prompt);
        await().until(() -> !tokensOf(prompt, 1).isEmpty());

        worker.fence();

        await().until(() -> worker.followed.partitions.isEmpty());
        assertThat(log.events()).anyMatch(event -> event.getBody() instanceof Finished);
        assertThat(log.of("completions")).isEmpty();
    }

    @Test
    void endsARunningCompletionThatIsCancelled() {
        Prompt prompt = prompt("hello", LENGTH);
        WorkerFixture worker = worker(1, Pace.of(100));
        worker.assign(prompt);
        await().until(() -> tokensOf(prompt, 1).size() > 5);

        for (int i = 0; i < 1000; i++) {
            worker.cancel(prompt);
        }

        await().until(() -> worker.committed() == 1);
        assertThat(reasonOf(prompt)).isEqualTo(FinishReason.CANCELLED);
        assertThat(tokensOf(prompt, 1).size()).isLessThan(LENGTH);
    }

    @Test
    void generatesNothingForAPromptThatWasCancelledBeforeItCame() {
        Prompt prompt = prompt("hello", LENGTH);
        WorkerFixture worker = worker(1);

        worker.cancel(prompt);
        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertThat(reasonOf(prompt)).isEqualTo(FinishReason.CANCELLED);
        assertThat(tokensOf(prompt, 1)).isEmpty();
    }

    @Test
    void readsTheCancellationsOfThePartitionsWhosePromptsItHas() {
        WorkerFixture worker = worker(1);
        worker.assign(prompt("hello", LENGTH));
        await().until(() -> worker.followed.partitions.contains(3));

        worker.revoke();

        await().until(() -> worker.followed.partitions.isEmpty());
    }

    @Test
    void endsAPromptThatItRefusesWithItsCode() {
        Prompt badParameter = prompt("hello", 0);
        Prompt otherModel = prompt("hello", 5);
        otherModel.setModel("some other model");
        Prompt tooLong = prompt("x".repeat(20_000), 5);
        WorkerFixture worker = worker(1);

        worker.assign(badParameter, otherModel, tooLong);

        await().until(() -> worker.committed() == 3);
        assertThat(errorOf(badParameter)).isEqualTo("invalid_prompt");
        assertThat(errorOf(otherModel)).isEqualTo("model_not_found");
        assertThat(errorOf(tooLong)).isEqualTo("context_length_exceeded");
    }

    @Test
    void putsAsideWhatCannotBeAnsweredAndGoesOn() throws Exception {
        Prompt foreignTopic = prompt(UUID.randomUUID(), "hello", LENGTH, new ReplyAddress("secrets", 0, null));
        Prompt prompt = prompt("hello", LENGTH);
        WorkerFixture worker = worker(1);

        worker.assign(foreignTopic);
        worker.kafka.schedulePollTask(() -> {
            worker.addRaw(1, "no prompt".getBytes(StandardCharsets.UTF_8));
            worker.add(2, prompt);
        });

        await().until(() -> worker.committed() == 3);
        assertWhole(prompt, "hello");
        assertThat(log.of("secrets")).isEmpty();
        assertThat(log.of("prompts.dlt"))
                .extracting(PromptRunTest::reason)
                .containsExactly(
                        "the reply topic is not one that this worker may write to",
                        "The record is not in Avro's single-object encoding (C3 01 at its start)");
    }

    private WorkerFixture worker(long nonce) {
        return worker(nonce, Pace.UNLIMITED);
    }

    private WorkerFixture worker(long nonce, Pace pace) {
        WorkerFixture worker = new WorkerFixture(vertx, log, "model", nonce, NOW_MS + nonce, pace);
        workers.add(worker);
        return worker;
    }

    private void claim(Prompt prompt, long epoch, long nonce, String modelId, int partition) {
        log.append(new ReplyEvent(prompt.getId(), epoch, nonce, new Claimed("earlier", modelId, partition)));
    }

    private void tokens(Prompt prompt, long epoch, long nonce, int firstIndex, List<Integer> ids) {
        log.append(new ReplyEvent(
                prompt.getId(), epoch, nonce, new Tokens(firstIndex, ids, WorkerFixture.text(ids), null)));
    }

    /** A reader has seen the undisturbed completion, each index once and in order, and one terminal. */
    private void assertWhole(Prompt prompt, String text) throws Exception {
        List<Integer> ids = new ArrayList<>();
        StringBuilder said = new StringBuilder();
        int terminals = 0;
        for (Delivery delivery : log.deliveries(prompt.getId())) {
            if (delivery instanceof Delivery.Text tokens) {
                assertThat(tokens.firstIndex()).isEqualTo(ids.size());
                ids.addAll(tokens.ids());
                said.append(tokens.text());
            } else if (delivery instanceof Delivery.StartedOver) {
                ids.clear();
                said.setLength(0);
            } else if (delivery instanceof Delivery.Ended ended) {
                said.append(ended.finished().getText());
                terminals++;
            }
        }
        assertThat(ids).isEqualTo(WorkerFixture.completion(text, LENGTH));
        assertThat(said).hasToString(WorkerFixture.text(ids));
        assertThat(terminals).isEqualTo(1);
    }

    /** The tokens that the worker of this nonce wrote, whether they count or not. */
    private List<Tokens> tokensOf(Prompt prompt, long nonce) {
        return log.events().stream()
                .filter(event -> event.getPromptId().equals(prompt.getId()) && event.getNonce() == nonce)
                .map(ReplyEvent::getBody)
                .filter(Tokens.class::isInstance)
                .map(Tokens.class::cast)
                .toList();
    }

    private String errorOf(Prompt prompt) {
        return log.deliveries(prompt.getId()).stream()
                .filter(Delivery.Ended.class::isInstance)
                .map(delivery -> ((Delivery.Ended) delivery).finished().getError())
                .map(error -> error == null ? "none" : error.getCode())
                .findFirst()
                .orElse("no terminal");
    }

    private FinishReason reasonOf(Prompt prompt) {
        return log.deliveries(prompt.getId()).stream()
                .filter(Delivery.Ended.class::isInstance)
                .map(delivery -> ((Delivery.Ended) delivery).finished().getReason())
                .findFirst()
                .orElse(FinishReason.UNKNOWN);
    }

    private static String reason(ProducerRecord<byte[], byte[]> letter) {
        return new String(
                letter.headers().lastHeader("kafka_dlt-exception-message").value(), StandardCharsets.UTF_8);
    }
}
