package dev.millrace.compose.bench;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.engine.ChatTemplate;
import dev.millrace.worker.engine.CompletionListener;
import dev.millrace.worker.engine.Engine;
import dev.millrace.worker.engine.EngineMetrics;
import dev.millrace.worker.engine.EngineSettings;
import dev.millrace.worker.engine.GenerationParameters;
import dev.millrace.worker.engine.GenerationRequest;
import dev.millrace.worker.engine.Pace;
import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import io.prometheus.client.CollectorRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An engine with nothing around it. The worker of the demo model has the same settings. */
final class EngineAlone implements FirstText, AutoCloseable {

    private static final ContextSettings SETTINGS = new ContextSettings(8192, 64, 512, 1);

    private final LlamaModel model;
    private final ChatTemplate template;
    private final Engine engine;

    private EngineAlone(LlamaModel model, Engine engine) {
        this.model = model;
        this.template = new ChatTemplate(model);
        this.engine = engine;
    }

    static EngineAlone open(Path file) {
        LlamaLibrary library = LlamaLibrary.load(LlamaLibrary.nativeDirectory(), null);
        LlamaModel model = LlamaModel.open(library, file, new Device.Cpu(), LoadProgress.SILENT);
        Engine engine = new Engine(
                new EngineSettings(
                        "engine-alone", model.contextTokens(), 8, EngineSettings.NO_BUDGET, 0, Pace.UNLIMITED),
                () -> LlamaContext.open(model, SETTINGS),
                model.vocabulary(),
                new EngineMetrics(new CollectorRegistry()).labelled(model.name(), "cpu"));
        engine.start().join();
        return new EngineAlone(model, engine);
    }

    /** Nanoseconds to the first text, or to the end where there was none; greedily. */
    @Override
    public long ask(Message message) throws Exception {
        UUID id = UUID.randomUUID();
        Sampling sampling = Sampling.newBuilder()
                .setTemperature(0f)
                .setMaxNewTokens(FirstTokenBenchmark.TOKENS)
                .build();
        GenerationParameters parameters = GenerationParameters.of(sampling, id);
        Answer answer = new Answer();
        int[] prompt = template.tokenize(List.of(message));
        long askedNanos = System.nanoTime();
        engine.submit(
                new GenerationRequest(
                        id, prompt, new int[0], parameters, GenerationRequest.NO_PRINCIPAL, 0, false, null),
                answer);
        return answer.ended.get() - askedNanos;
    }

    /** Written by the engine's thread, read after the end, which brings the time of the first text. */
    private static final class Answer implements CompletionListener {

        private final CompletableFuture<Long> ended = new CompletableFuture<>();
        private long firstTextNanos;

        @Override
        public void onProgress(@Nullable Integer queuePosition, int prefilledTokens, int promptTokens) {}

        @Override
        public void onTokens(
                int firstIndex, List<Integer> ids, String released, @Nullable List<TokenLogprobs> logprobs) {
            hear(released);
        }

        @Override
        public void onFinished(
                FinishReason reason, String heldBack, Usage usage, Timings timings, @Nullable Failure failure) {
            hear(heldBack);
            ended.complete(firstTextNanos == 0 ? System.nanoTime() : firstTextNanos);
        }

        private void hear(String released) {
            if (firstTextNanos == 0 && !released.isEmpty()) {
                firstTextNanos = System.nanoTime();
            }
        }
    }

    @Override
    public void close() {
        engine.close();
        engine.ended().join();
        model.close();
    }
}
