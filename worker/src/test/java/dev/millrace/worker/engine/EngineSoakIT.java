package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaModel;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The soak on llama.cpp: reuse, preemption, eviction to host memory and back leave no trace in what is generated. */
class EngineSoakIT {
    private static final ContextSettings SETTINGS = new ContextSettings(900, 10, 128, 1);

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 1000000"})
    void leavesNothingBehindAndDisturbsNobody(long seed, long hostBytes) {
        try (LlamaModel model = DemoModel.open();
                LlamaContext context = LlamaContext.open(model, SETTINGS);
                LlamaContext quiet = LlamaContext.open(model, SETTINGS)) {
            EngineSoak soak = new EngineSoak(context, model.vocabulary(), 6, hostBytes, seed);

            for (int i = 0; i < 2000; i++) {
                soak.operate();
            }
            soak.settle();

            assertThat(soak.preemptions()).isPositive();
            List<Map.Entry<GenerationRequest, List<Integer>>> completions =
                    soak.completions().toList();
            assertThat(completions).hasSizeGreaterThan(10);
            assertThat(completions)
                    .allSatisfy(completed ->
                            assertThat(alone(quiet, model, completed.getKey())).isEqualTo(completed.getValue()));
        }
    }

    /** On a device of its own, with nothing in its cache. */
    private static List<Integer> alone(LlamaContext context, LlamaModel model, GenerationRequest request) {
        Scheduler scheduler = new Scheduler(
                context, new EngineSettings("alone", 900, 1, EngineSettings.NO_BUDGET, 0, Pace.UNLIMITED));
        RecordingListener listener = new RecordingListener();
        scheduler.enqueue(new Slot(request, listener, EngineSoak.endless(model.vocabulary()), 900, 0));
        while (listener.reason == null) {
            EngineSoak.step(context, scheduler);
        }
        scheduler.retire();
        scheduler.clearCache();
        return listener.ids;
    }
}
