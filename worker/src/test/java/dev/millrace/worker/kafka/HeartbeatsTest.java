package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.WorkerStatus;
import dev.millrace.worker.engine.Adapters;
import dev.millrace.worker.engine.FakeDecoder;
import dev.millrace.worker.engine.Pace;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HeartbeatsTest {
    private static final int KV_CELLS = 8000;

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final WorkerFixture worker = new WorkerFixture(
            vertx,
            log,
            "model",
            new Adapters(List.of(new Adapters.Adapter("brief", "digest"))),
            1,
            1_800_000_000_000L,
            Pace.of(100),
            () -> new FakeDecoder(8, KV_CELLS, 64));
    private final Heartbeats heartbeats = new Heartbeats(worker.lane, "cpu", 10);

    @AfterEach
    void close() {
        worker.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void tellsHowTheWorkerIsAgainAndAgain() {
        start();

        await().until(() -> said().size() > 2);
        ProducerRecord<byte[], byte[]> first = said().get(0);
        WorkerStatus status = status(first);
        assertThat(new String(first.key(), StandardCharsets.UTF_8)).isEqualTo("worker-1");
        assertThat(first.partition()).isZero();
        assertThat(status.getWorkerId()).isEqualTo("worker-1");
        assertThat(status.getModelName()).isEqualTo("fake");
        assertThat(status.getModelId()).isEqualTo("model");
        assertThat(status.getDevice()).isEqualTo("cpu");
        assertThat(status.getAdapters()).containsExactly("brief");
        assertThat(status.getContextTokens()).isEqualTo(KV_CELLS);
        assertThat(status.getSlots()).isEqualTo(4);
        assertThat(status.getKvCells()).isEqualTo(KV_CELLS);
        assertThat(status.getFreeKvCells()).isEqualTo(KV_CELLS);
        assertThat(status.getTokensPerSecond()).isZero();
    }

    @Test
    void tellsWhatItIsDoing() {
        worker.assign(
                prompt("a", 1000), prompt("b", 1000), prompt("c", 1000), prompt("d", 1000), prompt("waits", 1000));
        start();

        await().untilAsserted(() -> assertThat(said()).anySatisfy(record -> {
            WorkerStatus status = status(record);
            assertThat(status.getRunningPrompts()).isEqualTo(4);
            assertThat(status.getQueuedPrompts()).isEqualTo(1);
            assertThat(status.getFreeKvCells()).isLessThan(KV_CELLS);
            assertThat(status.getTokensPerSecond()).isPositive();
        }));
    }

    @Test
    void takesItBackWhenItLeaves() {
        start();
        await().until(() -> !said().isEmpty());

        stop();

        await().untilAsserted(() -> {
            ProducerRecord<byte[], byte[]> last = said().get(said().size() - 1);
            assertThat(last.value()).isNull();
            assertThat(new String(last.key(), StandardCharsets.UTF_8)).isEqualTo("worker-1");
        });
    }

    @Test
    void goesOnAfterOnesThatWereLost() {
        log.limit("workers", 1);
        start();
        await().until(() -> log.asked() > 2);
        assertThat(said()).isEmpty();

        log.limit("workers", Integer.MAX_VALUE);

        await().until(() -> !said().isEmpty());
        assertThat(worker.broken).isNotDone();
    }

    @Test
    void sendsNothingToATopicThatIsGone() {
        log.delete("workers");
        start();
        await().until(() -> log.asked() > 2);

        stop();

        assertThat(said()).isEmpty();
        assertThat(log.sendsToMissingTopics()).isZero();
        assertThat(worker.broken).isNotDone();
    }

    private void start() {
        onContext(heartbeats::start);
    }

    private void stop() {
        onContext(heartbeats::stop);
    }

    private void onContext(Runnable what) {
        var done = new CompletableFuture<Void>();
        worker.lane.context().runOnContext(now -> {
            what.run();
            done.complete(null);
        });
        done.join();
    }

    private List<ProducerRecord<byte[], byte[]>> said() {
        return log.of("workers");
    }

    private static WorkerStatus status(ProducerRecord<byte[], byte[]> record) {
        try {
            return EventCodec.WORKER_STATUS.decode(record.value());
        } catch (MalformedEventException e) {
            throw new AssertionError(e);
        }
    }
}
