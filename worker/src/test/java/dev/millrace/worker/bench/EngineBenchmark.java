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
 * loads. Prints the ratios and writes the report. Fails on a CPU when the engine's greedy tokens are not those of the bare
 * loop: then they did not do the same work. Run in the worker's directory.
 */
final class EngineBenchmark {
    private static final Path TARGET = Path.of("target", "bench");
    private static final Path DEMO_MODEL = Path.of("demo-model", "millrace-demo-f16.gguf");
    private static final int WARM_UP_ROUND = -1;
    private static final int WARM_UP_TOKENS = 2;
    private static final int MOST_LOADS = 1_000_000;
    private static final List<Sampling> SAMPLINGS = List.of(Sampling.values());

    private final Parameters parameters;
    private final LlamaLibrary library;
    private final Path bareLoop;
    private final LineUp lineUp;
    private final List<Sample> samples = new ArrayList<>();
    private int rounds;
    private int same;

    private EngineBenchmark(Parameters parameters, LlamaLibrary library, Path bareLoop, LineUp lineUp) {
        this.parameters = parameters;
        this.library = library;
        this.bareLoop = bareLoop;
        this.lineUp = lineUp;
    }

    /** Opens the peers that take part besides those that always do. */
    interface LineUp {
        void open(Map<String, Peer> peers, Setting setting, Path bareLoop, Path libraries)
                throws IOException, InterruptedException;
    }

    /**
     * What was measured.
     *
     * @param same rounds in which the engine and the bare loop generated the same tokens greedily; all on a CPU
     */
    record Result(List<Sample> samples, int rounds, int same) {}

    /** Measures, prints and writes. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        run(Parameters.from(System.getenv())).forEach(ratio -> System.out.println(ratio.line()));
    }

    static List<Ratio> run(Parameters parameters) throws IOException, InterruptedException {
        LlamaLibrary library = EngineProcess.library();
        List<Sample> samples =
                measure(parameters, library, EngineBenchmark::openInexact).samples();
        List<Ratio> ratios = Ratio.of(samples);
        new Report(parameters, library, samples, ratios).write();
        return ratios;
    }

    static Result measure(Parameters parameters, LlamaLibrary library, LineUp lineUp)
            throws IOException, InterruptedException {
        EngineBenchmark benchmark = new EngineBenchmark(parameters, library, buildBareLoop(library), lineUp);
        for (String model : parameters.models()) {
            benchmark.measure(model);
        }
        return new Result(benchmark.samples, benchmark.rounds, benchmark.same);
    }

    /** The engine without exactness only where that makes a difference to speed. */
    private static void openInexact(Map<String, Peer> peers, Setting setting, Path bareLoop, Path libraries)
            throws IOException {
        if (setting.sequences() == 1) {
            peers.put(Sample.INEXACT, LineProcess.engine(setting, false));
        }
    }

    static Path buildBareLoop(LlamaLibrary library) throws IOException, InterruptedException {
        return build(library, "bare-loop", "BareLoop.cpp");
    }

    static Path build(LlamaLibrary library, String name, String source) throws IOException, InterruptedException {
        Path program = TARGET.resolve(name).toAbsolutePath();
        Process build = new ProcessBuilder(
                        "src/test/native/build-bare-loop", library.file().toString(), program.toString(), source)
                .inheritIO()
                .start();
        if (build.waitFor() != 0) {
            throw new IOException(source + " could not be built");
        }
        return program;
    }

    private void measure(String model) throws IOException, InterruptedException {
        Path file = file(model).toAbsolutePath();
        int vocabulary = vocabulary(library, file);
        for (int sequences : parameters.sequences()) {
            Setting setting =
                    Setting.of(file, parameters.device(), sequences, parameters.tokens(), parameters.threads());
            Map<String, Peer> peers = new LinkedHashMap<>();
            try {
                open(peers, setting);
                for (int round = WARM_UP_ROUND; round < parameters.rounds(); round++) {
                    measure(new Round(name(model), sequences, vocabulary, round), peers);
                }
            } finally {
                peers.values().forEach(Peer::close);
            }
        }
    }

    /** As reports have it. */
    static String name(String model) {
        return model.replaceFirst(".*/", "").replaceFirst("\\.gguf$", "");
    }

    /** Of a model by what {@code MODELS} calls it; written first where it is the generated one. */
    static Path file(String model) throws IOException {
        return switch (model) {
            case Parameters.DEMO -> DEMO_MODEL;
            case Parameters.GENERATED -> generated(model, GeneratedModel.BENCHMARK);
            case Parameters.GENERATED_4B -> generated(model, GeneratedModel.QWEN3_4B);
            case Parameters.GENERATED_SMALL -> generated(model, GeneratedModel.SMALL);
            default -> Path.of(model);
        };
    }

    private static Path generated(String model, GeneratedModel.Shape shape) throws IOException {
        return GeneratedModel.write(Files.createDirectories(TARGET).resolve(model + "-f16.gguf"), shape);
    }

    /** The file is mapped for it, and weights are not read. */
    static int vocabulary(LlamaLibrary library, Path file) {
        Device cpu = new Device.Cpu();
        try (LlamaModel model = LlamaModel.open(library, file, cpu, Integer.MAX_VALUE, LoadProgress.SILENT)) {
            return model.vocabulary().size();
        }
    }

    private void open(Map<String, Peer> peers, Setting setting) throws IOException, InterruptedException {
        peers.put(Sample.ENGINE, LineProcess.engine(setting, true));
        if (parameters.samplings().contains(Sampling.GREEDY)) {
            peers.put(Sample.BARE, LineProcess.bareLoop(setting, bareLoop, libraries(library), true));
        }
        if (parameters.llamaServer() != null) {
            peers.put(Sample.SERVER, LlamaServer.start(parameters.llamaServer(), setting, false));
        }
        lineUp.open(peers, setting, bareLoop, libraries(library));
    }

    static Path libraries(LlamaLibrary library) {
        return library.file().resolveSibling("");
    }

    private record Round(String model, int sequences, int vocabulary, int number) {}

    private record Turn(String name, Peer peer, Sampling sampling) {
        /** The bare loops do no more than an argmax, and only the engine has masks. */
        boolean possible() {
            return switch (sampling) {
                case GREEDY -> true;
                case SAMPLED -> !List.of(Sample.BARE, Sample.SEPARATE).contains(name);
                case MASKED -> name.equals(Sample.ENGINE);
            };
        }
    }

    /** Every other round backwards, so that nobody always comes after the same one. */
    private void measure(Round round, Map<String, Peer> peers) throws IOException, InterruptedException {
        List<Turn> turns = new ArrayList<>();
        for (Sampling sampling : parameters.samplings()) {
            peers.forEach((name, peer) -> turns.add(new Turn(name, peer, sampling)));
        }
        turns.removeIf(turn -> !turn.possible());
        if (round.number() % 2 != 0) {
            Collections.reverse(turns);
        }
        Map<String, List<Integer>> greedy = new LinkedHashMap<>();
        for (Turn turn : turns) {
            List<Integer> ids = measure(round, turn).ids();
            if (turn.sampling() == Sampling.GREEDY) {
                greedy.put(turn.name(), ids);
            }
        }
        if (!greedy.isEmpty()) {
            compare(greedy.getOrDefault(Sample.ENGINE, List.of()), greedy.getOrDefault(Sample.BARE, List.of()));
        }
    }

    private Measurement measure(Round round, Turn turn) throws IOException, InterruptedException {
        boolean warmUp = round.number() == WARM_UP_ROUND;
        int tokens = warmUp ? WARM_UP_TOKENS : parameters.tokens();
        Measurement sum = Measurement.NONE;
        int loads = 0;
        do {
            long seed = (round.number() * (long) SAMPLINGS.size() + SAMPLINGS.indexOf(turn.sampling())) * MOST_LOADS
                    + loads;
            sum = sum.and(turn.peer()
                    .generate(Load.random(seed, turn.sampling(), tokens, round.sequences(), round.vocabulary())));
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
                turn.sampling(),
                sum.decodeNanos() == 0 ? 0 : perSecond(completions * (tokens - 1), sum.decodeNanos()),
                perSecond(completions * tokens, sum.nanos()));
        samples.add(sample);
        System.err.println(sample.json().encode());
    }

    private static double perSecond(int tokens, long nanos) {
        return tokens * 1e9 / nanos;
    }

    /** As far as both went. */
    private void compare(List<Integer> engine, List<Integer> bare) {
        int common = Math.min(engine.size(), bare.size());
        boolean equal = common > 0 && engine.subList(0, common).equals(bare.subList(0, common));
        rounds++;
        same += equal ? 1 : 0;
        if (!equal && parameters.device() instanceof Device.Cpu) {
            throw new IllegalStateException("the engine and the bare loop generated different tokens");
        }
    }
}
