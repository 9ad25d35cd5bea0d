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
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * {@code make bench-turns}: how long an idle engine takes to the first token of the tenth turn of a conversation, and to
 * that of a fresh prompt of only the tokens that the turn added, by turns. Run in the worker's directory.
 */
final class TurnsBenchmark {
    private static final int TURNS = 10;
    private static final int ANSWER_TOKENS = 24;
    private static final List<Integer> QUESTION_TOKENS = List.of(16, 48);
    private static final int KV_CELLS = 2048;
    private static final int WARM_UP = 1;
    private static final double NANOS_PER_MS = 1e6;

    private final Random random = new Random(1);
    private final int vocabulary;
    private final Engine engine;

    private TurnsBenchmark(LlamaModel model, int threads) {
        this.vocabulary = model.vocabulary().size();
        ContextSettings settings = new ContextSettings(KV_CELLS, 3, Load.STEP_ROWS, threads, true);
        this.engine = new Engine(
                new EngineSettings("engine", model.contextTokens(), 1, EngineSettings.NO_BUDGET, 0, Pace.UNLIMITED),
                () -> LlamaContext.open(model, settings),
                EngineProcess.endless(model.vocabulary()),
                new EngineMetrics(new CollectorRegistry()).labelled(model.name(), "cpu"));
    }

    /** Measures {@code MODELS}, {@code ROUNDS} times each, and prints a line for each length of a question. */
    public static void main(String[] arguments) throws IOException, PromptRefusedException, InterruptedException {
        Parameters parameters = Parameters.from(System.getenv());
        for (String name : parameters.models()) {
            LlamaModel model = LlamaModel.open(
                    EngineProcess.library(), EngineBenchmark.file(name), new Device.Cpu(), LoadProgress.SILENT);
            TurnsBenchmark benchmark = new TurnsBenchmark(model, parameters.threads());
            benchmark.engine.start().join();
            for (int questionTokens : QUESTION_TOKENS) {
                System.out.println(benchmark.measure(name, questionTokens, parameters.rounds()));
            }
            benchmark.engine.close();
            benchmark.engine.ended().join();
        }
        System.exit(0);
    }

    private String measure(String model, int questionTokens, int rounds)
            throws PromptRefusedException, InterruptedException {
        double[] lateMs = new double[rounds];
        double[] freshMs = new double[rounds];
        for (int round = -WARM_UP; round < rounds; round++) {
            double late = turnAfterMany(questionTokens);
            double fresh = ask(tokens(questionTokens), 1).firstTokenMs();
            if (round >= 0) {
                lateMs[round] = late;
                freshMs[round] = fresh;
            }
        }
        return String.format(
                Locale.ROOT,
                "BENCH_TURNS model=%s rounds=%d turn=%d prompt_tokens=%d new_tokens=%d turn_p50_ms=%.2f fresh_p50_ms=%.2f ratio=%.2f",
                model,
                rounds,
                TURNS,
                TURNS * questionTokens + (TURNS - 1) * ANSWER_TOKENS,
                questionTokens,
                median(lateMs),
                median(freshMs),
                median(lateMs) / median(freshMs));
    }

    /** Milliseconds to the first token of the last turn of a conversation that nobody has had before. */
    private double turnAfterMany(int questionTokens) throws PromptRefusedException, InterruptedException {
        int[] conversation = tokens(questionTokens);
        for (int turn = 1; turn < TURNS; turn++) {
            conversation = join(conversation, ask(conversation, ANSWER_TOKENS).tokens());
            conversation = join(conversation, tokens(questionTokens));
        }
        return ask(conversation, 1).firstTokenMs();
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Answer(double firstTokenMs, int[] tokens) {}

    private Answer ask(int[] prompt, int newTokens) throws PromptRefusedException, InterruptedException {
        Arrivals arrivals = new Arrivals();
        long askedNanos = System.nanoTime();
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
        arrivals.awaitEnd();
        return new Answer((arrivals.tokenNanos(0) - askedNanos) / NANOS_PER_MS, arrivals.ids());
    }

    private int[] tokens(int count) {
        return random.ints(count, 0, vocabulary).toArray();
    }

    private static int[] join(int[] first, int[] second) {
        return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
