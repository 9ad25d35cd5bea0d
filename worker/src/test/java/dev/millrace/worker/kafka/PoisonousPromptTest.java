package dev.millrace.worker.kafka;

import static dev.millrace.worker.kafka.WorkerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.worker.engine.FakeDecoder;
import dev.millrace.worker.engine.Pace;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.SamplerSettings;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A prompt that crashes workers: what the next worker makes of what the log says. */
class PoisonousPromptTest {
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final int LENGTH = 40;
    private static final long NONCE = 99;
    /** Slower than chunks may follow one another. */
    private static final Pace A_TOKEN_AN_EVENT = Pace.of(25);

    private static final Progress TAKEN_UP = new Progress(null, 0, 9);
    private static final Progress PUT_DOWN = new Progress(0, 0, 0);

    private final Vertx vertx = Vertx.vertx();
    private final ReplyLog log = new ReplyLog();
    private final List<WorkerFixture> workers = new ArrayList<>();
    private final Prompt suspect = prompt("suspect", LENGTH);

    @AfterEach
    void close() {
        workers.forEach(WorkerFixture::close);
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void runsAloneWhatRanInThreeCrashes() throws Exception {
        Prompt before = prompt("before", LENGTH);
        Prompt behind = prompt("behind", LENGTH);
        crashes(1, 2, 3);

        WorkerFixture worker = worker(A_TOKEN_AN_EVENT);
        worker.assign(before, suspect, behind);

        await().until(() -> worker.committed() == 3);
        assertThat(ranAlone()).isTrue();
        assertThat(errorOf(suspect)).isEqualTo("none");
        assertThat(textOf(suspect)).isEqualTo(WorkerFixture.text(WorkerFixture.completion("suspect", LENGTH)));
        assertThat(textOf(before)).isEqualTo(WorkerFixture.text(WorkerFixture.completion("before", LENGTH)));
        assertThat(textOf(behind)).isEqualTo(WorkerFixture.text(WorkerFixture.completion("behind", LENGTH)));
        assertThat(log.of("prompts.dlt")).isEmpty();
    }

    @Test
    void givesUpWhatCrashedAloneAsWell() {
        crashes(1, 2, 3, 4);

        WorkerFixture worker = worker(Pace.UNLIMITED);
        worker.assign(suspect);

        await().until(() -> worker.committed() == 1);
        assertThat(errorOf(suspect)).isEqualTo("poisonous");
        assertThat(log.of("prompts.dlt")).singleElement().satisfies(letter -> {
            assertThat(EventCodec.PROMPT.decode(letter.value())).isEqualTo(suspect);
            assertThat(reason(letter)).contains("crashed");
        });
        assertThat(log.of("completions")).hasSize(1);
        assertThat(tokensOf(suspect)).isZero();
    }

    @Test
    void acquitsWhatAWorkerPutsDownInTheLastMoment() {
        crashes(1, 2, 3, 4);
        WorkerFixture worker = worker(Pace.UNLIMITED);
        worker.assign(suspect);
        await().until(() -> claims() == 5);

        append(4, PUT_DOWN);

        await().until(() -> worker.committed() == 1);
        assertThat(errorOf(suspect)).isEqualTo("none");
        assertThat(log.of("prompts.dlt")).isEmpty();
    }

    @Test
    void countsNoSessionThatPutThePromptDownHoweverLateItSaysSo() {
        crashes(1, 2, 3, 4, 5);
        append(1, PUT_DOWN);
        append(2, PUT_DOWN);
        append(5, PUT_DOWN);

        runsAmongOthers();
    }

    @Test
    void countsACrashAfterAWaitInTheQueue() {
        for (long nonce = 1; nonce <= 4; nonce++) {
            append(nonce, new Claimed("crashed", "model", 3));
            append(nonce, new Progress(2, 0, 9));
            append(nonce, new Progress(0, 0, 9));
            append(nonce, TAKEN_UP);
        }

        WorkerFixture worker = worker(Pace.UNLIMITED);
        worker.assign(suspect);

        await().until(() -> worker.committed() == 1);
        assertThat(errorOf(suspect)).isEqualTo("poisonous");
    }

    @Test
    void countsNoCrashThatThePromptWaitedThrough() {
        for (long nonce = 1; nonce <= 5; nonce++) {
            append(nonce, new Claimed("crashed", "model", 3));
        }

        runsAmongOthers();
    }

    @Test
    void countsFromTheLastTokenOn() throws Exception {
        crashes(1, 2, 3, 4);
        List<Integer> begun = WorkerFixture.completion("suspect", LENGTH).subList(0, 5);
        append(4, new Tokens(0, begun, WorkerFixture.text(begun), null));
        crashes(5);

        runsAmongOthers();
    }

    @Test
    void putsDownWhatItRunsWhenItLosesThePartition() {
        WorkerFixture worker = worker(Pace.of(30));
        worker.assign(suspect);
        await().until(() -> tokensOf(suspect) > 3);

        worker.revoke();

        await().until(() -> log.events().stream().map(ReplyEvent::getBody).anyMatch(PUT_DOWN::equals));
        assertThat(log.events()).anyMatch(PoisonousPromptTest::takesUp);
    }

    @Test
    void putsNothingDownWhenItsEngineHasDied() {
        WorkerFixture worker = worker(Pace.UNLIMITED, DyingDecoder::new);
        worker.assign(suspect);
        await().until(worker::engineFailed);

        worker.revoke();

        await().until(() -> worker.followed.partitions.isEmpty());
        assertThat(log.events()).anyMatch(PoisonousPromptTest::takesUp);
        assertThat(log.events().stream().map(ReplyEvent::getBody)).doesNotContain(PUT_DOWN);
    }

    private void runsAmongOthers() {
        Prompt before = prompt("before", LENGTH);
        WorkerFixture worker = worker(A_TOKEN_AN_EVENT);
        worker.assign(before, suspect);

        await().until(() -> worker.committed() == 2);
        assertThat(errorOf(suspect)).isEqualTo("none");
        assertThat(ranAlone()).isFalse();
    }

    private WorkerFixture worker(Pace pace) {
        return worker(pace, () -> new FakeDecoder(8, 8000, 64));
    }

    private WorkerFixture worker(Pace pace, Supplier<Decoder> device) {
        WorkerFixture worker = new WorkerFixture(vertx, log, "model", NONCE, NOW_MS, pace, device);
        workers.add(worker);
        return worker;
    }

    /** Sessions that took the suspect up and were heard of no more. */
    private void crashes(long... nonces) {
        for (long nonce : nonces) {
            append(nonce, new Claimed("crashed", "model", 3));
            append(nonce, TAKEN_UP);
        }
    }

    private void append(long nonce, Object body) {
        log.append(new ReplyEvent(suspect.getId(), NOW_MS - 1000 + nonce, nonce, body));
    }

    private static boolean takesUp(ReplyEvent event) {
        return event.getBody() instanceof Progress progress && progress.getQueuePosition() == null;
    }

    private long claims() {
        return log.events().stream()
                .filter(event -> event.getBody() instanceof Claimed)
                .count();
    }

    /** Whether others are neither taken up nor go on between the suspect's start and sixteen tokens of it. */
    private boolean ranAlone() {
        boolean begun = false;
        int tokens = 0;
        for (ReplyEvent event : log.events()) {
            if (event.getNonce() != NONCE || !(event.getBody() instanceof Tokens || takesUp(event))) {
                continue;
            }
            boolean suspects = event.getPromptId().equals(suspect.getId());
            begun |= suspects;
            tokens += suspects && event.getBody() instanceof Tokens ? 1 : 0;
            if (begun && !suspects && tokens < 16) {
                return false;
            }
        }
        return begun;
    }

    private long tokensOf(Prompt prompt) {
        return log.deliveries(prompt.getId()).stream()
                .filter(Delivery.Text.class::isInstance)
                .count();
    }

    private String textOf(Prompt prompt) {
        StringBuilder text = new StringBuilder();
        for (Delivery delivery : log.deliveries(prompt.getId())) {
            if (delivery instanceof Delivery.Text tokens) {
                text.append(tokens.text());
            } else if (delivery instanceof Delivery.Ended ended) {
                text.append(ended.finished().getText());
            }
        }
        return text.toString();
    }

    private String errorOf(Prompt prompt) {
        return log.deliveries(prompt.getId()).stream()
                .filter(Delivery.Ended.class::isInstance)
                .map(delivery -> ((Delivery.Ended) delivery).finished().getError())
                .map(error -> error == null ? "none" : error.getCode())
                .findFirst()
                .orElse("no terminal");
    }

    private static String reason(ProducerRecord<byte[], byte[]> letter) {
        return new String(
                letter.headers().lastHeader("kafka_dlt-exception-message").value(), StandardCharsets.UTF_8);
    }

    /** A device whose first step is a bug of ours. */
    private static final class DyingDecoder implements Decoder {
        @Override
        public int sequences() {
            return 4;
        }

        @Override
        public int kvCells() {
            return 8000;
        }

        @Override
        public int batchTokens() {
            return 64;
        }

        @Override
        public boolean inHostMemory() {
            return false;
        }

        @Override
        public void admit(int sequence, SamplerSettings settings) {}

        @Override
        public void release(int sequence, int length) {}

        @Override
        public void share(int from, int to, int length) {}

        @Override
        public int cellsOf(int... sequences) {
            return 0;
        }

        @Override
        public long savedBytes(int sequence) {
            return 0;
        }

        @Override
        public long save(int sequence) {
            return 1;
        }

        @Override
        public void restore(long saved, int sequence) {}

        @Override
        public void forget(long saved) {}

        @Override
        public void step(Batch batch) {
            throw new IllegalStateException("the engine dies of this");
        }

        @Override
        public void close() {}
    }
}
