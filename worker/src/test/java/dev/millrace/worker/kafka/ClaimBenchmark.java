package dev.millrace.worker.kafka;

import dev.millrace.worker.engine.ChatTemplate;
import dev.millrace.worker.engine.Engine;
import dev.millrace.worker.engine.EngineMetrics;
import dev.millrace.worker.engine.EngineSettings;
import dev.millrace.worker.engine.LanguageMasks;
import dev.millrace.worker.engine.Pace;
import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * {@code make bench-claims}: what claiming and reading back cost. Two workers on one engine, one of which does neither,
 * by turns; then the reading back alone, past the events of other prompts.
 */
final class ClaimBenchmark {
    private static final int SLOTS = 8;
    private static final int WARM_UP = 30;
    private static final int CROWD = 64;
    private static final int CROWD_TOKENS = 128;
    private static final int CROWD_ROUNDS = 7;
    private static final int FOREIGN = 1_000_000;
    private static final int FOREIGN_ROUNDS = 5;
    private static final double NANOS_PER_MS = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private ClaimBenchmark() {}

    /**
     * Measures, prints and ends.
     *
     * @param arguments the broker's address, the model's file, the number of rounds
     */
    public static void main(String[] arguments) throws Exception {
        LlamaLibrary library = LlamaLibrary.load(LlamaLibrary.nativeDirectory(), null);
        LlamaModel model = LlamaModel.open(library, Path.of(arguments[1]), new Device.Cpu(), LoadProgress.SILENT);
        Engine engine = new Engine(
                new EngineSettings("engine", model.contextTokens(), SLOTS, EngineSettings.NO_BUDGET, 0, Pace.UNLIMITED),
                () -> LlamaContext.open(model, new ContextSettings(8192, 2 * SLOTS, 512, 1)),
                model.vocabulary(),
                new EngineMetrics(new CollectorRegistry()).labelled(model.name(), "cpu"));
        engine.start().join();
        PromptPreparation preparation = new PromptPreparation(
                model.name(), "model", new ChatTemplate(model), new LanguageMasks(model.vocabulary()));
        Vertx vertx = Vertx.vertx();
        BenchmarkClient[] clients = {
            new BenchmarkClient(BenchmarkWorker.start(arguments[0], "with.", true, vertx, engine, preparation)),
            new BenchmarkClient(BenchmarkWorker.start(arguments[0], "without.", false, vertx, engine, preparation))
        };
        compareFirstTokens(clients, Integer.parseInt(arguments[2]));
        compareThroughput(clients);
        readPastForeignEvents(clients[0]);
        System.exit(0);
    }

    private static void compareFirstTokens(BenchmarkClient[] clients, int rounds) {
        ToDoubleFunction<BenchmarkClient> firstToken =
                client -> client.ask(1, 8, client.end()).firstNanos() / NANOS_PER_MS;
        medians(clients, WARM_UP, firstToken);
        double[] ms = medians(clients, rounds, firstToken);
        print("CLAIMS first_token_p50_ms with=%.2f without=%.2f difference=%.2f", ms[0], ms[1], ms[0] - ms[1]);
    }

    private static void compareThroughput(BenchmarkClient[] clients) {
        double[] rate = medians(clients, CROWD_ROUNDS, client -> {
            BenchmarkClient.Outcome outcome = client.ask(CROWD, CROWD_TOKENS, client.end());
            return outcome.tokens() / (outcome.allNanos() / NANOS_PER_SECOND);
        });
        print("CLAIMS tokens_per_second with=%.0f without=%.0f ratio=%.3f", rate[0], rate[1], rate[0] / rate[1]);
    }

    private static void readPastForeignEvents(BenchmarkClient client) {
        client.appendForeign(FOREIGN);
        BenchmarkClient[] one = {client};
        double all = medians(one, FOREIGN_ROUNDS, any -> any.ask(1, 8, null).firstNanos() / NANOS_PER_MS)[0];
        double none =
                medians(one, FOREIGN_ROUNDS, any -> any.ask(1, 8, any.end()).firstNanos() / NANOS_PER_MS)[0];
        print("READ_BACK foreign=%d first_token_p50_ms without_offset=%.1f with_offset=%.2f", FOREIGN, all, none);
    }

    /** One median for each client, measured by turns. */
    private static double[] medians(BenchmarkClient[] clients, int rounds, ToDoubleFunction<BenchmarkClient> measure) {
        double[][] measured = new double[clients.length][rounds];
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < clients.length; i++) {
                measured[i][round] = measure.applyAsDouble(clients[i]);
            }
        }
        return Arrays.stream(measured)
                .mapToDouble(of -> {
                    Arrays.sort(of);
                    return of[of.length / 2];
                })
                .toArray();
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
