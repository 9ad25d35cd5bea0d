package dev.millrace.worker.bench;

import dev.millrace.worker.engine.Engine;
import dev.millrace.worker.engine.EngineMetrics;
import dev.millrace.worker.engine.EngineSettings;
import dev.millrace.worker.engine.GenerationParameters;
import dev.millrace.worker.engine.GenerationRequest;
import dev.millrace.worker.engine.Pace;
import dev.millrace.worker.engine.PromptRefusedException;
import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.Vocabulary;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;

/**
 * {@code make bench-prefill}: a long prompt arrives among running streams. For each share of a step's time that prompts may
 * take, the gaps between the streams' tokens while it is read, and the time to its own first token; then the gaps between
 * the same tokens of the same streams without it, since streams slow down by themselves as they grow. Run in the worker's
 * directory.
 */
final class PrefillBenchmark {
    private static final int STREAMS = 8;
    private static final int LONG_PROMPT_TOKENS = 4096;
    private static final int TOKENS_BEFORE = 40;
    private static final int MOST_TOKENS = 3_000;
    private static final int KV_CELLS =
            LONG_PROMPT_TOKENS + STREAMS * (Load.PROMPT_TOKENS + MOST_TOKENS) + Load.STEP_ROWS;

    private final LlamaModel model;
    private final Vocabulary vocabulary;
    private final int threads;

    private PrefillBenchmark(LlamaModel model, int threads) {
        this.model = model;
        this.vocabulary = EngineProcess.endless(model.vocabulary());
        this.threads = threads;
    }

    /** Measures each share in {@code SHARES}, in percent, and prints a line for it. */
    public static void main(String[] arguments) throws IOException, PromptRefusedException, InterruptedException {
        Path file = GeneratedModel.write(
                Files.createDirectories(Path.of("target", "bench")).resolve("generated-f16.gguf"),
                GeneratedModel.BENCHMARK);
        LlamaModel model = LlamaModel.open(EngineProcess.library(), file, new Device.Cpu(), LoadProgress.SILENT);
        PrefillBenchmark benchmark =
                new PrefillBenchmark(model, Parameters.from(System.getenv()).threads());
        String shares = System.getenv().getOrDefault("SHARES", "75,45,40");
        for (String share : shares.split(",", -1)) {
            System.out.println(benchmark.measure(Integer.parseInt(share)));
        }
        System.exit(0);
    }

    private String measure(int share) throws PromptRefusedException, InterruptedException {
        Engine engine = engine(share);
        List<Arrivals> streams = start(engine);
        awaitTokens(streams, TOKENS_BEFORE);
        int first = streams.get(0).nanos().size();
        long arrivedNanos = System.nanoTime();
        Arrivals late = submit(engine, random(STREAMS), LONG_PROMPT_TOKENS, 1);
        late.awaitTokens(1);
        long firstTokenNanos = late.tokenNanos(0);
        int last = streams.get(0).nanos().size();
        close(engine);
        Gaps with = Gaps.between(streams, arrivedNanos, firstTokenNanos);
        Gaps without = without(share, first, last);
        return String.format(
                Locale.ROOT,
                "PREFILL share=%d tokens=%d gap_without_p50_ms=%.0f gap_without_p99_ms=%.0f gap_with_p50_ms=%.0f"
                        + " gap_with_p99_ms=%.0f gap_with_max_ms=%.0f ratio=%.2f first_token_s=%.1f",
                share,
                last - first,
                without.ms(50),
                without.ms(99),
                with.ms(50),
                with.ms(99),
                with.ms(100),
                with.ms(99) / without.ms(99),
                (firstTokenNanos - arrivedNanos) / 1e9);
    }

    /** The gaps between the same tokens when nobody comes. */
    private Gaps without(int share, int first, int last) throws PromptRefusedException, InterruptedException {
        Engine engine = engine(share);
        List<Arrivals> streams = start(engine);
        awaitTokens(streams, last);
        close(engine);
        Arrivals any = streams.get(0); // they are in step
        return Gaps.between(streams, any.tokenNanos(first - 1), any.tokenNanos(last - 1));
    }

    private List<Arrivals> start(Engine engine) throws PromptRefusedException {
        engine.start().join();
        List<Arrivals> streams = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            streams.add(submit(engine, random(i), Load.PROMPT_TOKENS, MOST_TOKENS));
        }
        return streams;
    }

    private static void close(Engine engine) {
        engine.close();
        engine.ended().join();
    }

    private static Random random(int prompt) {
        return new Random(prompt);
    }

    private Engine engine(int share) {
        ContextSettings settings = new ContextSettings(KV_CELLS, STREAMS + 2, Load.STEP_ROWS, threads, true);
        return new Engine(
                new EngineSettings("engine", model.contextTokens(), STREAMS + 1, share, 0, Pace.UNLIMITED),
                () -> LlamaContext.open(model, settings),
                vocabulary,
                new EngineMetrics(new CollectorRegistry()).labelled(model.name(), "cpu-" + share));
    }

    private static void awaitTokens(List<Arrivals> streams, int tokens) throws InterruptedException {
        for (Arrivals stream : streams) {
            stream.awaitTokens(tokens);
        }
    }

    private Arrivals submit(Engine engine, Random random, int promptTokens, int newTokens)
            throws PromptRefusedException {
        Arrivals arrivals = new Arrivals();
        int[] prompt = random.ints(promptTokens, 0, vocabulary.size()).toArray();
        engine.submit(
                new GenerationRequest(
                        UUID.randomUUID(),
                        prompt,
                        new int[0],
                        new GenerationParameters(newTokens, SamplerSettings.GREEDY, List.of(), false),
                        GenerationRequest.NO_PRINCIPAL,
                        0,
                        false,
                        null),
                arrivals);
        return arrivals;
    }
}
