package dev.millrace.worker.bench;

import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code make bench-engine}: the engine, the bare loop and llama-server by turns, round by round, each with the same
 * loads. Prints the ratios and writes the report. Fails when the engine's greedy tokens are not those of the bare loop:
 * then they did not do the same work. Run in the worker's directory.
 */
final class EngineBenchmark {
    private static final Path TARGET = Path.of("target", "bench");
    private static final Path DEMO_MODEL = Path.of("demo-model", "millrace-demo-f16.gguf");
    private static final int WARM_UP_ROUND = -1;
    private static final int WARM_UP_TOKENS = 2;
    private static final int MOST_LOADS = 1_000_000;

    private final Parameters parameters;
    private final LlamaLibrary library;
    private final Path bareLoop;
    private final List<Sample> samples = new ArrayList<>();

    private EngineBenchmark(Parameters parameters, LlamaLibrary library, Path bareLoop) {
        this.parameters = parameters;
        this.library = library;
        this.bareLoop = bareLoop;
    }

    /** Measures, prints and writes. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        run(Parameters.from(System.getenv())).forEach(ratio -> System.out.println(ratio.line()));
    }

    static List<Ratio> run(Parameters parameters) throws IOException, InterruptedException {
        LlamaLibrary library = EngineProcess.library();
        EngineBenchmark benchmark = new EngineBenchmark(parameters, library, buildBareLoop(library));
        for (String model : parameters.models()) {
            benchmark.measure(model);
        }
        List<Ratio> ratios = Ratio.of(benchmark.samples);
        new Report(parameters, library, benchmark.samples, ratios).write();
        return ratios;
    }

    static Path buildBareLoop(LlamaLibrary library) throws IOException, InterruptedException {
        Path program = TARGET.resolve("bare-loop").toAbsolutePath();
        Process build = new ProcessBuilder(
                        "src/test/native/build-bare-loop", library.file().toString(), program.toString())
                .inheritIO()
                .start();
        if (build.waitFor() != 0) {
            throw new IOException("the bare loop could not be built");
        }
        return program;
    }

    private void measure(String model) throws IOException, InterruptedException {
        Path file = file(model).toAbsolutePath();
        int vocabulary = vocabulary(file);
        for (int sequences : parameters.sequences()) {
            Setting setting = new Setting(file, sequences, parameters.tokens(), parameters.threads());
            Map<String, Peer> peers = new LinkedHashMap<>();
            try {
                open(peers, setting);
                String name = model.replaceFirst(".*/", "").replaceFirst("\\.gguf$", "");
                for (int round = WARM_UP_ROUND; round < parameters.rounds(); round++) {
                    measure(new Round(name, sequences, vocabulary, round), peers);
                }
            } finally {
                peers.values().forEach(Peer::close);
            }
        }
    }

    /** Of a model by what {@code MODELS} calls it; written first where it is the generated one. */
    static Path file(String model) throws IOException {
        return switch (model) {
            case Parameters.DEMO -> DEMO_MODEL;
            case Parameters.GENERATED ->
                GeneratedModel.write(
                        Files.createDirectories(TARGET).resolve("generated-f16.gguf"), GeneratedModel.BENCHMARK);
            default -> Path.of(model);
        };
    }

    private int vocabulary(Path file) {
        try (LlamaModel model = LlamaModel.open(library, file, new Device.Cpu(), LoadProgress.SILENT)) {
            return model.vocabulary().size();
        }
    }

    /** The engine without exactness only where that makes a difference to speed. */
    private void open(Map<String, Peer> peers, Setting setting) throws IOException, InterruptedException {
        peers.put(Sample.ENGINE, LineProcess.engine(setting, true));
        peers.put(Sample.BARE, LineProcess.bareLoop(setting, bareLoop, libraries()));
        if (setting.sequences() == 1) {
            peers.put(Sample.INEXACT, LineProcess.engine(setting, false));
        }
        if (parameters.llamaServer() != null) {
            peers.put(Sample.SERVER, LlamaServer.start(parameters.llamaServer(), setting));
        }
    }

    private Path libraries() {
        return library.file().resolveSibling("");
    }

    private record Round(String model, int sequences, int vocabulary, int number) {}

    private record Turn(String name, Peer peer, boolean sampled) {}

    /** Every other round backwards, so that nobody always comes after the same one. */
    private void measure(Round round, Map<String, Peer> peers) throws IOException, InterruptedException {
        List<Turn> turns = new ArrayList<>();
        peers.forEach((name, peer) -> turns.add(new Turn(name, peer, false)));
        peers.forEach((name, peer) -> turns.add(new Turn(name, peer, true)));
        turns.removeIf(turn -> turn.name().equals(Sample.BARE) && turn.sampled());
        if (round.number() % 2 != 0) {
            Collections.reverse(turns);
        }
        Map<String, List<Integer>> greedy = new LinkedHashMap<>();
        for (Turn turn : turns) {
            List<Integer> ids = measure(round, turn).ids();
            if (!turn.sampled()) {
                greedy.put(turn.name(), ids);
            }
        }
        requireSame(greedy.getOrDefault(Sample.ENGINE, List.of()), greedy.getOrDefault(Sample.BARE, List.of()));
    }

    private Measurement measure(Round round, Turn turn) throws IOException, InterruptedException {
        boolean warmUp = round.number() == WARM_UP_ROUND;
        int tokens = warmUp ? WARM_UP_TOKENS : parameters.tokens();
        Measurement sum = Measurement.NONE;
        int loads = 0;
        do {
            long seed = (round.number() * 2L + (turn.sampled() ? 1 : 0)) * MOST_LOADS + loads;
            sum = sum.and(turn.peer()
                    .generate(Load.random(seed, turn.sampled(), tokens, round.sequences(), round.vocabulary())));
            loads++;
        } while (sum.nanos() < parameters.leastNanos());
        if (!warmUp) {
            add(round, turn, sum, loads * round.sequences());
        }
        return sum;
    }

    private void add(Round round, Turn turn, Measurement sum, int completions) {
        int tokens = parameters.tokens();
        Sample sample = new Sample(
                round.model(),
                round.sequences(),
                round.number(),
                turn.name(),
                turn.sampled() ? Sample.SAMPLED : Sample.GREEDY,
                sum.decodeNanos() == 0 ? 0 : perSecond(completions * (tokens - 1), sum.decodeNanos()),
                perSecond(completions * tokens, sum.nanos()));
        samples.add(sample);
        System.err.println(sample.json().encode());
    }

    private static double perSecond(int tokens, long nanos) {
        return tokens * 1e9 / nanos;
    }

    /** As far as both went. */
    private static void requireSame(List<Integer> engine, List<Integer> bare) {
        int common = Math.min(engine.size(), bare.size());
        if (common == 0 || !engine.subList(0, common).equals(bare.subList(0, common))) {
            throw new IllegalStateException("the engine and the bare loop generated different tokens");
        }
    }
}
