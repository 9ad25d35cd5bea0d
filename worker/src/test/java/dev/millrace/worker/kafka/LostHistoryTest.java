package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A reply log from which something was deleted. */
class LostHistoryTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final int LENGTH = 60;
    private static final int SKIPPED = 20;

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final WorkerFixture worker = new WorkerFixture(vertx, log, "model", 1, NOW_MS + 1, Pace.UNLIMITED);

    @AfterEach
    void close() {
        worker.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void endsWithHistoryLostWhenTheLogNoLongerReachesBack() {
        Prompt prompt = prompt(UUID.randomUUID(), "hello", LENGTH, new ReplyAddress("replies", 0, 0L));
        claim(prompt("foreign", LENGTH), NOW_MS, 7);
        log.deleteBefore(1);

        assertThat(endOf(prompt)).isEqualTo("history_lost");
    }

    @Test
    void claimsAboveAnEarlierOwnerBeforeItSaysThatHistoryIsLost() {
        Prompt prompt = prompt(UUID.randomUUID(), "hello", LENGTH, new ReplyAddress("replies", 0, 0L));
        claim(prompt("foreign", LENGTH), NOW_MS, 7);
        claim(prompt, NOW_MS + 5000, 7);
        log.deleteBefore(1);

        assertThat(endOf(prompt)).isEqualTo("history_lost");
    }

    @Test
    void seesThatAClaimWasDeletedByTheTextBehindIt() {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS - 1000, 7);
        tokens(prompt, NOW_MS - 1000, 7, 0);
        log.deleteBefore(1);

        assertThat(endOf(prompt)).isEqualTo("history_lost");
    }

    @Test
    void seesThatTheBeginningWasDeletedWhereALaterClaimIsStillThere() {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS - 1000, 7);
        tokens(prompt, NOW_MS - 1000, 7, 0);
        claim(prompt, NOW_MS - 500, 8);
        tokens(prompt, NOW_MS - 500, 8, SKIPPED);
        log.deleteBefore(2);

        assertThat(endOf(prompt)).isEqualTo("history_lost");
    }

    @Test
    void answersANewPromptInALogThatHasBeenCut() {
        Prompt prompt = prompt("hello", LENGTH);
        Prompt foreign = prompt("foreign", LENGTH);
        claim(foreign, NOW_MS - 1000, 7);
        tokens(foreign, NOW_MS - 1000, 7, 0);
        log.deleteBefore(1);

        assertThat(endOf(prompt)).isEqualTo("none");
    }

    @Test
    void takesALostChunkForNoDeletionWhereNothingWasDeleted() {
        Prompt prompt = prompt("hello", LENGTH);
        claim(prompt, NOW_MS - 1000, 7);
        tokens(prompt, NOW_MS - 1000, 7, SKIPPED);

        assertThat(endOf(prompt)).isEqualTo("none");
    }

    /** The code of the error that the prompt ends with. */
    private String endOf(Prompt prompt) {
        worker.assign(prompt);
        await().until(() -> worker.committed() == 1);
        return log.deliveries(prompt.getId()).stream()
                .filter(Delivery.Ended.class::isInstance)
                .map(delivery -> ((Delivery.Ended) delivery).finished().getError())
                .map(error -> error == null ? "none" : error.getCode())
                .findFirst()
                .orElse("no terminal");
    }

    private void claim(Prompt prompt, long epoch, long nonce) {
        log.append(new ReplyEvent(prompt.getId(), epoch, nonce, new Claimed("earlier", "model", 3)));
    }

    private void tokens(Prompt prompt, long epoch, long nonce, int firstIndex) {
        log.append(new ReplyEvent(prompt.getId(), epoch, nonce, new Tokens(firstIndex, List.of(65, 66), "AB", null)));
    }
}
