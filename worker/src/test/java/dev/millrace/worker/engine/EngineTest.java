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
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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
        Engine engine = engine(() -> new FakeDecoder(4, 4000, 64), Pace.UNLIMITED);
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

    @Test
    void refusesAPromptThatLeavesNoRoomForAnAnswer() {
        Engine engine = engine(() -> new FakeDecoder(4, 30, 64), Pace.UNLIMITED);
        engine.start().join();

        assertThatThrownBy(() -> engine.submit(request(5), new RecordingListener()))
                .isInstanceOf(PromptRefusedException.class)
                .hasMessageContaining("30 tokens")
                .hasMessageContaining("context of 30");
    }

    @Test
    void dropsARunningCompletion() throws Exception {
        Engine engine = engine(() -> new FakeDecoder(4, 4000, 64), Pace.of(100));
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
        Engine engine = engine(() -> opened.getAndIncrement() == 0 ? new FailingDecoder() : fake(), Pace.UNLIMITED);
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
        Engine engine =
                new Engine(new EngineSettings("engine-test", 10_000, pace), device, FakeDecoder.VOCABULARY, metrics);
        engines.add(engine);
        return engine;
    }

    private static FakeDecoder fake() {
        return new FakeDecoder(4, 4000, 64);
    }

    private static GenerationRequest request(int maxNewTokens) {
        GenerationParameters parameters = new GenerationParameters(maxNewTokens, SamplerSettings.GREEDY, List.of());
        return new GenerationRequest(UUID.randomUUID(), PROMPT, new int[0], parameters, false, null);
    }

    /** A device that fails at its first step. */
    private static final class FailingDecoder implements Decoder {
        private final FakeDecoder limits = fake();

        @Override
        public int sequences() {
            return limits.sequences();
        }

        @Override
        public int kvCells() {
            return limits.kvCells();
        }

        @Override
        public int batchTokens() {
            return limits.batchTokens();
        }

        @Override
        public void admit(int sequence, SamplerSettings settings) {}

        @Override
        public void release(int sequence, int length) {}

        @Override
        public void step(Batch batch) {
            throw new LlamaException(LlamaError.DECODE_FAILED, "the device is gone");
        }

        @Override
        public void close() {}
    }
}
