package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whole answers that are larger than their topic takes. */
class WholeAnswersTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final int LENGTH = 500;

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final WorkerFixture worker = new WorkerFixture(vertx, log, "model", 1, NOW_MS, Pace.UNLIMITED);
    private final Prompt prompt = prompt("hello", LENGTH);

    @AfterEach
    void close() {
        worker.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void announcesATooLargeAnswerWithoutItsText() throws Exception {
        log.limit("completions", LENGTH);

        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        Completion completion =
                EventCodec.COMPLETION.decode(log.of("completions").get(0).value());
        assertThat(log.of("completions")).hasSize(1);
        assertThat(completion.getText()).isEmpty();
        assertThat(completion.getReason()).isEqualTo(FinishReason.ERROR);
        assertThat(Objects.requireNonNull(completion.getError()).getCode()).isEqualTo("answer_too_large");
        assertThat(completion.getUsage().getCompletionTokens()).isEqualTo(LENGTH);
        assertThat(worker.registry.getSampleValue("millrace_answers_left_out_total"))
                .isEqualTo(1);
        assertThat(log.of("prompts.dlt")).isEmpty();
    }

    @Test
    void leavesTheStreamAsItIs() {
        log.limit("completions", LENGTH);

        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertThat(log.deliveries(prompt.getId()))
                .filteredOn(Delivery.Ended.class::isInstance)
                .singleElement()
                .satisfies(end -> assertThat(((Delivery.Ended) end).finished().getReason())
                        .isEqualTo(FinishReason.LENGTH));
    }

    @Test
    void buriesThePromptWhereEvenThatIsTooLarge() {
        log.limit("completions", 1);

        worker.assign(prompt);

        await().until(() -> worker.committed() == 1);
        assertThat(log.of("completions")).isEmpty();
        assertThat(log.of("prompts.dlt"))
                .singleElement()
                .satisfies(letter -> assertThat(new String(
                                letter.headers()
                                        .lastHeader("millrace-error-code")
                                        .value(),
                                StandardCharsets.UTF_8))
                        .isEqualTo("answer_too_large"));
    }
}
