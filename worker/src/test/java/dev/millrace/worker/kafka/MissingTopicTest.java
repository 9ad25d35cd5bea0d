package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.process.StartFailure;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Topics that were there when the worker started and are gone later. */
class MissingTopicTest {
    private static final long NOW_MS = 1_800_000_000_000L;

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final WorkerFixture worker = new WorkerFixture(vertx, log, "model", 1, NOW_MS, Pace.of(100));

    @AfterEach
    void close() {
        worker.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void buriesAPromptWhoseReplyTopicIsGoneWithoutSendingThere() {
        log.delete("elsewhere");
        worker.assign(elsewhere(20));
        passGrace();

        await().until(() -> worker.committed() == 1);
        assertThat(log.of("prompts.dlt"))
                .singleElement()
                .satisfies(letter -> assertThat(code(letter)).isEqualTo("unknown_reply_place"));
        assertThat(log.sendsToMissingTopics()).isZero();
    }

    @Test
    void buriesAPromptWhoseReplyTopicGoesInMidAnswerAndFreesItsSlot() {
        Prompt other = prompt("hello", 100);
        worker.assign(elsewhere(2000), other);
        await().until(() -> log.of("elsewhere").size() > 5);

        log.delete("elsewhere");
        passGrace();

        await().until(() -> worker.committed() == 2);
        await().until(worker::idle);
        assertThat(log.of("prompts.dlt")).hasSize(1);
        assertThat(log.events())
                .filteredOn(event -> event.getBody() instanceof Finished)
                .hasSize(1);
        assertThat(log.sendsToMissingTopics()).isLessThan(5);
    }

    @Test
    void answersWhenTheReplyTopicComesBackInTime() {
        log.delete("elsewhere");
        worker.assign(elsewhere(5));
        await().until(() -> log.asked() >= 1);

        log.restore("elsewhere");

        await().until(() -> worker.committed() == 1);
        assertThat(log.of("prompts.dlt")).isEmpty();
    }

    @Test
    void asksNothingAboutItsOwnReplyTopicWhileAllIsWell() {
        worker.assign(prompt("hello", 5));

        await().until(() -> worker.committed() == 1);
        assertThat(log.asked()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"replies", "completions"})
    void endsTheWorkerWhenOneOfItsOwnTopicsIsGone(String topic) {
        log.delete(topic);
        worker.assign(prompt("hello", 5));
        passGrace();

        await().until(worker.broken::isDone);
        assertThatThrownBy(worker.broken::join)
                .hasCauseInstanceOf(StartFailure.class)
                .hasMessageContaining("own_topic_gone")
                .hasMessageContaining(topic);
        assertThat(worker.committed()).isZero();
    }

    @Test
    void endsTheWorkerWhenTheDeadLettersAreGone() {
        log.delete("prompts.dlt");
        worker.assign();
        worker.kafka.schedulePollTask(() -> worker.addRaw(0, new byte[] {1}));
        passGrace();

        await().until(worker.broken::isDone);
        assertThatThrownBy(worker.broken::join).hasMessageContaining("prompts.dlt");
        assertThat(worker.committed()).isZero();
    }

    /** The topic is asked about time and again, for longer than is waited for it. */
    private void passGrace() {
        for (int time = 0; time < 2; time++) {
            int asked = log.asked();
            await().until(() -> log.asked() > asked);
            log.pass(ReplyPlaceCheck.GRACE_MS / 2);
        }
    }

    private static Prompt elsewhere(int maxNewTokens) {
        return prompt(UUID.randomUUID(), "hello", maxNewTokens, new ReplyAddress("elsewhere", 0, null));
    }

    private static String code(ProducerRecord<byte[], byte[]> letter) {
        return new String(letter.headers().lastHeader("millrace-error-code").value(), StandardCharsets.UTF_8);
    }
}
