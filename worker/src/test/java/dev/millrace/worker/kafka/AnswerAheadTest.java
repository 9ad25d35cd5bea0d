package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A prompt that no earlier session can have had is generated while its log is still being read back. */
class AnswerAheadTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final int LENGTH = 60;

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final Prompt prompt = prompt("hello", LENGTH);
    private final WorkerFixture worker = new WorkerFixture(vertx, log, "model", 1, NOW_MS, Pace.of(300));

    @BeforeEach
    void holdTheReadingBack() {
        log.holdReads();
    }

    @AfterEach
    void close() {
        worker.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void generatesWhileTheLogIsReadAndTellsNothingBefore() throws Exception {
        worker.assign();
        worker.addLater(0, prompt);
        await().until(() -> worker.generatedTokens() == LENGTH);
        assertThat(bodies()).noneMatch(AnswerAheadTest::speaks);

        log.answerReads();

        await().until(() -> worker.committed() == 1);
        assertThat(text()).isEqualTo(WorkerFixture.text(WorkerFixture.completion("hello", LENGTH)));
        assertThat(worker.generatedTokens()).as("nothing is generated twice").isEqualTo(LENGTH);
    }

    @Test
    void waitsForTheLogWhereAnEarlierSessionMayHaveHadThePrompt() {
        worker.assign(prompt);
        await().until(() -> bodies().stream().anyMatch(Claimed.class::isInstance));

        await().during(200, TimeUnit.MILLISECONDS).until(() -> worker.generatedTokens() == 0);

        log.answerReads();
        await().until(() -> worker.committed() == 1);
    }

    @Test
    void throwsAwayWhatItGeneratedWhenAnotherHasBegun() throws Exception {
        List<Integer> begun = WorkerFixture.completion("hello", LENGTH).subList(0, 20);
        log.append(new ReplyEvent(prompt.getId(), NOW_MS - 1000, 7L, new Claimed("zombie", "model", 3)));
        log.append(new ReplyEvent(
                prompt.getId(), NOW_MS - 1000, 7L, new Tokens(0, begun, WorkerFixture.text(begun), null)));
        worker.assign();
        worker.addLater(0, prompt);
        await().until(() -> worker.generatedTokens() == LENGTH);

        log.answerReads();

        await().until(() -> worker.committed() == 1);
        assertThat(text()).isEqualTo(WorkerFixture.text(WorkerFixture.completion("hello", LENGTH)));
        assertThat(log.events())
                .filteredOn(event -> event.getNonce() == 1 && event.getBody() instanceof Tokens)
                .extracting(event -> ((Tokens) event.getBody()).getFirstIndex())
                .isNotEmpty()
                .allMatch(index -> index >= 20);
    }

    @Test
    void tellsNothingUnderAClaimThatDoesNotCount() {
        log.append(new ReplyEvent(prompt.getId(), NOW_MS + 5000, 7L, new Claimed("elsewhere", "model", 2)));
        worker.assign();
        worker.addLater(0, prompt);
        await().until(() -> worker.generatedTokens() == LENGTH);

        log.answerReads();

        await().until(() -> worker.committed() == 1);
        assertThat(bodies()).noneMatch(AnswerAheadTest::speaks);
    }

    @Test
    void claimsAgainAndBeginsAnewWhenTheClaimIsLost() throws Exception {
        log.answerReads();
        log.next(event -> event.getBody() instanceof Claimed, ReplyLog.Fate.IS_LOST);
        worker.assign();

        worker.addLater(0, prompt);

        await().until(() -> worker.committed() == 1);
        assertThat(text()).isEqualTo(WorkerFixture.text(WorkerFixture.completion("hello", LENGTH)));
        assertThat(log.events())
                .filteredOn(event -> speaks(event.getBody()))
                .allMatch(event -> event.getEpoch() > NOW_MS);
    }

    @Test
    void endsWhatIsCancelledMeanwhileOnlyWhenTheLogHasBeenRead() {
        worker.assign();
        worker.addLater(0, prompt);
        await().until(() -> worker.generatedTokens() > 5);

        worker.cancel(prompt);
        await().until(worker::idle);
        assertThat(bodies()).noneMatch(AnswerAheadTest::speaks);
        log.answerReads();

        await().until(() -> worker.committed() == 1);
        assertThat(ended()).extracting(Finished::getReason).containsExactly(FinishReason.CANCELLED);
    }

    private static boolean speaks(Object body) {
        return body instanceof Tokens || body instanceof Finished;
    }

    private List<Object> bodies() {
        return log.events().stream().map(ReplyEvent::getBody).toList();
    }

    private List<Finished> ended() {
        return log.deliveries(prompt.getId()).stream()
                .filter(Delivery.Ended.class::isInstance)
                .map(delivery -> ((Delivery.Ended) delivery).finished())
                .toList();
    }

    /** What a reader has been told in the end; each index was there once. */
    private String text() {
        StringBuilder text = new StringBuilder();
        int next = 0;
        for (Delivery delivery : log.deliveries(prompt.getId())) {
            if (delivery instanceof Delivery.Text tokens) {
                assertThat(tokens.firstIndex()).isEqualTo(next);
                next += tokens.ids().size();
                text.append(tokens.text());
            }
        }
        assertThat(ended()).hasSize(1);
        return text.append(ended().get(0).getText()).toString();
    }
}
