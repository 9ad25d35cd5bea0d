package dev.millrace.worker.engine;

import static org.awaitility.Awaitility.await;

import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaModel;
import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Engines on the demo model, each for some completions only. */
final class DemoEngine {
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private DemoEngine() {}

    /** Generates them all, eight at once, and returns what the listener of each has heard. */
    static List<RecordingListener> generate(LlamaModel model, int kvCells, List<GenerationRequest> requests)
            throws PromptRefusedException {
        return generate(model, 8, kvCells, requests, new CollectorRegistry());
    }

    static List<RecordingListener> generate(
            LlamaModel model, int slots, int kvCells, List<GenerationRequest> requests, CollectorRegistry metrics)
            throws PromptRefusedException {
        Engine engine = new Engine(
                new EngineSettings(
                        "demo-test", model.contextTokens(), slots, EngineSettings.NO_BUDGET, 0, Pace.UNLIMITED),
                () -> LlamaContext.open(model, new ContextSettings(kvCells, 2 * slots, 64, 1)),
                model.vocabulary(),
                new EngineMetrics(metrics).labelled("demo", "cpu"));
        try (engine) {
            engine.start().join();
            List<RecordingListener> listeners = new ArrayList<>();
            for (GenerationRequest request : requests) {
                RecordingListener listener = new RecordingListener()
                        .after(IntStream.of(request.completionTokens()).boxed().toList());
                engine.submit(request, listener);
                listeners.add(listener);
            }
            await().atMost(LONGEST).until(() -> listeners.stream().allMatch(listener -> listener.reason != null));
            return listeners;
        } finally {
            engine.ended().join();
        }
    }
}
