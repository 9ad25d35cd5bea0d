package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.LlamaError;
import dev.millrace.worker.llama.LlamaException;
import dev.millrace.worker.llama.SamplerSettings;
import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineTest {
    private static final int[] PROMPT = IntStream.range(0, 30).toArray();

    private final CollectorRegistry registry = new CollectorRegistry();
    private final EngineMetrics.Labelled metrics = new EngineMetrics(registry).labelled("fake", "none");
    private final List<Engine> engines = new ArrayList<>();

    @AfterEach
    void close() {
        engines.forEach(Engine::close);
    }

    @Test
    void generatesManyAtOnceEachAsAlone() throws Exception {
        Engine engine = engine(() -> new FakeDecoder(8, 4000, 64), Pace.UNLIMITED);
        engine.start().join();
        List<RecordingListener> listeners = new ArrayList<>();

        for (int i = 0; i < 20; i++) {
            RecordingListener listener = new RecordingListener();
            engine.submit(request(50), listener);
            listeners.add(listener);
        }

        for (RecordingListener listener : listeners) {
            await().until(() -> listener.reason != null);
            assertThat(listener.ids).isEqualTo(FakeDecoder.completion(PROMPT, 50));
        }
        await().until(() -> engine.load().equals(new EngineLoad(0, 0, 4000, 4000)));
        assertThat(registry.getSampleValue(
                        "vllm:generation_tokens_total",
                        new String[] {"model_name", "device"},
                        new String[] {"fake", "none"}))
                .isEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 20})
    void refusesAPromptThatLeavesNoRoomForAnAnswer(int contextTokens) {
        Engine engine = engine(() -> new FakeDecoder(8, contextTokens, 64), Pace.UNLIMITED);
        engine.start().join();

        assertThatThrownBy(() -> engine.submit(request(5), new RecordingListener()))
                .isInstanceOf(PromptRefusedException.class)
                .hasMessageContaining("has 30 tokens")
                .hasMessageContaining("context of " + contextTokens + " ");
    }

    @Test
    void dropsARunningCompletion() throws Exception {
        Engine engine = engine(() -> new FakeDecoder(8, 4000, 64), Pace.of(100));
        engine.start().join();
        RecordingListener listener = new RecordingListener();
        GenerationRequest request = request(1000);
        engine.submit(request, listener);
        await().until(() -> !listener.ids.isEmpty());

        engine.drop(request);

        await().until(() -> engine.load().freeKvCells() == 4000);
        assertThat(listener.reason).isNull();
    }

    @Test
    void opensAFailedDeviceAnewAndEndsWhatRanThere() throws Exception {
        AtomicInteger opened = new AtomicInteger();
        Engine engine = engine(
                () -> opened.getAndIncrement() == 0 ? new SteppingDecoder(EngineTest::fail) : fake(), Pace.UNLIMITED);
        engine.start().join();
        RecordingListener failing = new RecordingListener();
        engine.submit(request(10), failing);
        await().until(() -> failing.reason != null);

        RecordingListener next = new RecordingListener();
        engine.submit(request(10), next);

        await().until(() -> next.reason != null);
        assertThat(failing.reason).isEqualTo(FinishReason.ERROR);
        assertThat(failing.errorCode).isEqualTo("internal");
        assertThat(next.ids).isEqualTo(FakeDecoder.completion(PROMPT, 10));
        assertThat(opened).hasValue(2);
    }

    @Test
    void isGivenUpWhenTheDeviceDoesNotComeBackFromAStep() throws Exception {
        CountDownLatch inStep = new CountDownLatch(1);
        CountDownLatch comeBack = new CountDownLatch(1);
        Engine engine = engine(
                () -> new SteppingDecoder(() -> {
                    inStep.countDown();
                    comeBack.await();
                    return null;
                }),
                Pace.UNLIMITED);
        engine.start().join();
        engine.submit(request(10), new RecordingListener());
        inStep.await();

        engine.failIfStuck(Duration.ofHours(1));
        assertThat(engine.failed()).isFalse();
        engine.failIfStuck(Duration.ZERO);

        assertThat(engine.failed()).isTrue();
        assertThatThrownBy(() -> engine.ended().join()).hasMessageContaining("not come back from a step");
        comeBack.countDown();
    }

    @Test
    void tellsThatADeviceCannotBeOpened() {
        Engine engine = engine(
                () -> {
                    throw new LlamaException(LlamaError.OUT_OF_MEMORY, "no memory");
                },
                Pace.UNLIMITED);

        assertThatThrownBy(() -> engine.start().join())
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(LlamaException.class);
    }

    @Test
    void closesTheDeviceOnItsOwnThread() {
        FakeDecoder decoder = fake();
        Engine engine = engine(() -> decoder, Pace.UNLIMITED);
        engine.start().join();

        engine.close();

        engine.ended().join();
        assertThat(decoder.closed).isTrue();
    }

    private Engine engine(Supplier<Decoder> device, Pace pace) {
        Engine engine = new Engine(
                new EngineSettings("engine-test", 10_000, 4, EngineSettings.NO_BUDGET, 0, pace),
                device,
                FakeDecoder.VOCABULARY,
                metrics);
        engines.add(engine);
        return engine;
    }

    private static FakeDecoder fake() {
        return new FakeDecoder(8, 4000, 64);
    }

    private static GenerationRequest request(int maxNewTokens) {
        GenerationParameters parameters =
                new GenerationParameters(maxNewTokens, SamplerSettings.GREEDY, List.of(), true);
        return new GenerationRequest(UUID.randomUUID(), PROMPT, new int[0], parameters, "", 0, false, null);
    }

    private static Void fail() {
        throw new LlamaException(LlamaError.DECODE_FAILED, "the device is gone");
    }

    /** A device whose step is the test's. */
    private record SteppingDecoder(Callable<Void> step) implements Decoder {
        @Override
        public int sequences() {
            return 8;
        }

        @Override
        public int kvCells() {
            return 4000;
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
            try {
                step.call();
            } catch (LlamaException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() {}
    }
}
