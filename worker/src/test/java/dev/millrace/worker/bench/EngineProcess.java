package dev.millrace.worker.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.engine.CompletionListener;
import dev.millrace.worker.engine.Engine;
import dev.millrace.worker.engine.EngineMetrics;
import dev.millrace.worker.engine.EngineSettings;
import dev.millrace.worker.engine.GenerationParameters;
import dev.millrace.worker.engine.GenerationRequest;
import dev.millrace.worker.engine.LanguageMasks;
import dev.millrace.worker.engine.Pace;
import dev.millrace.worker.engine.PromptRefusedException;
import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import dev.millrace.worker.llama.Penalties;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.ScriptMask;
import dev.millrace.worker.llama.Vocabulary;
import io.prometheus.client.CollectorRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The engine as a process that reads a load a line and answers each with a line. */
final class EngineProcess {
    private static final double NANOS_PER_MS = 1e6;

    private final Engine engine;
    private final ScriptMask mask;

    private EngineProcess(Engine engine, ScriptMask mask) {
        this.engine = engine;
        this.mask = mask;
    }

    /**
     * Answers until the input ends.
     *
     * @param arguments the model's file, KV cells, sequences, threads, whether it is to be exact, the device,
     *     whether it hands over candidates
     */
    public static void main(String[] arguments) throws IOException, PromptRefusedException, InterruptedException {
        int sequences = Integer.parseInt(arguments[2]);
        Device device = Device.parse(arguments[5]);
        LlamaModel model = LlamaModel.open(library(), Path.of(arguments[0]), device, sequences, LoadProgress.SILENT);
        // The scheduler keeps the id of one sequence for what the next prompt may begin with.
        ContextSettings settings = new ContextSettings(
                Integer.parseInt(arguments[1]),
                sequences + 1,
                Load.STEP_ROWS,
                Integer.parseInt(arguments[3]),
                Boolean.parseBoolean(arguments[4]),
                Boolean.parseBoolean(arguments[6]),
                false);
        Engine engine = new Engine(
                new EngineSettings(
                        "engine", model.contextTokens(), sequences, EngineSettings.NO_BUDGET, 0, Pace.UNLIMITED),
                () -> LlamaContext.open(model, settings),
                endless(model.vocabulary()),
                new EngineMetrics(new CollectorRegistry()).labelled(model.name(), device.toString()));
        engine.start().join();
        EngineProcess process = new EngineProcess(engine, new LanguageMasks(model.vocabulary()).of(Sampling.LANGUAGE));
        BufferedReader loads = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String line = loads.readLine(); line != null; line = loads.readLine()) {
            System.out.println(process.generate(Load.parse(line)).line());
        }
        System.exit(0);
    }

    static LlamaLibrary library() {
        String home = System.getenv("LLAMA_HOME");
        return LlamaLibrary.load(LlamaLibrary.nativeDirectory(), home == null ? null : Path.of(home));
    }

    /** Completions have the length that they are allowed. */
    static Vocabulary endless(Vocabulary vocabulary) {
        List<byte[]> pieces = IntStream.range(0, vocabulary.size())
                .mapToObj(vocabulary::piece)
                .toList();
        return Vocabulary.of(pieces, Map.of(), List.of());
    }

    /** All prompts begin at once, when the engine would take up the last of them. */
    private Measurement generate(Load load) throws PromptRefusedException, InterruptedException {
        CountDownLatch asked = new CountDownLatch(load.prompts().size());
        CompletableFuture<Void> begin = new CompletableFuture<>();
        List<Completion> completions = new ArrayList<>();
        for (int[] prompt : load.prompts()) {
            Completion completion = new Completion(asked, begin);
            GenerationParameters parameters =
                    new GenerationParameters(load.tokens(), sampler(load, completions.size()), List.of(), false);
            engine.submit(
                    new GenerationRequest(
                            UUID.randomUUID(),
                            prompt,
                            new int[0],
                            parameters,
                            GenerationRequest.NO_PRINCIPAL,
                            0,
                            false,
                            null),
                    completion);
            completions.add(completion);
        }
        asked.await();
        long beginNanos = System.nanoTime();
        begin.complete(null);
        double decodeMs = completions.stream()
                .mapToDouble(completion -> completion.ended.join().getDecodeMs())
                .max()
                .orElseThrow();
        long nanos = System.nanoTime() - beginNanos;
        return new Measurement(
                Math.round(decodeMs * NANOS_PER_MS),
                nanos,
                completions.stream()
                        .flatMap(completion -> completion.ids.stream())
                        .toList());
    }

    private SamplerSettings sampler(Load load, long seed) {
        return switch (load.sampling()) {
            case GREEDY -> SamplerSettings.GREEDY;
            case SAMPLED -> sampled(seed);
            case MASKED -> sampled(seed).withMask(mask);
        };
    }

    private static SamplerSettings sampled(long seed) {
        return new SamplerSettings(
                Load.TEMPERATURE,
                Load.TOP_P,
                Load.TOP_K,
                0,
                seed,
                new Penalties(Load.REPETITION_PENALTY, 0, 0, 0),
                List.of(),
                SamplerSettings.NO_LOGPROBS);
    }

    /** Written by the engine's thread, read after the end. */
    private static final class Completion implements CompletionListener {
        private final CountDownLatch asked;
        private final CompletableFuture<Void> begin;
        private final CompletableFuture<Timings> ended = new CompletableFuture<>();
        private final List<Integer> ids = new ArrayList<>();

        private Completion(CountDownLatch asked, CompletableFuture<Void> begin) {
            this.asked = asked;
            this.begin = begin;
        }

        @Override
        public CompletableFuture<?> onStart() {
            asked.countDown();
            return begin;
        }

        @Override
        public void onProgress(@Nullable Integer queuePosition, int prefilledTokens, int promptTokens) {}

        @Override
        public void onTokens(int firstIndex, List<Integer> said, String text, @Nullable List<TokenLogprobs> logprobs) {
            ids.addAll(said);
        }

        @Override
        public void onFinished(
                FinishReason reason, String heldBack, Usage usage, Timings timings, @Nullable Failure failure) {
            if (reason == FinishReason.LENGTH) {
                ended.complete(timings);
            } else {
                ended.completeExceptionally(new IllegalStateException("ended with " + reason + ": " + failure));
            }
        }
    }
}
