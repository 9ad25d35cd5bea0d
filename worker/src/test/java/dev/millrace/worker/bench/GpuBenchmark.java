package dev.millrace.worker.bench;

import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * {@code make bench-gpu}: what {@link EngineBenchmark} measures, on a GPU and with more peers; how fast long prompts are
 * read; how much of the device's memory bandwidth one completion uses; and how many completions come out the same alone,
 * in a batch, and when they are continued. Prints a line for each figure and writes the report. Run in the worker's
 * directory.
 */
final class GpuBenchmark {
    private static final int GPU_COPY_MIB = 4096;
    private static final int CPU_COPY_MIB = 256;
    /** A prompt that takes long to read is read once. */
    private static final int MOST_TOKENS_OF_SEVERAL_ROUNDS = 16_384;

    private static final int SHORT_PROMPT_TOKENS = 512;

    private final Parameters parameters;
    private final List<Integer> prefills;
    private final int completions;
    private final LlamaLibrary library = EngineProcess.library();
    private final List<String> lines = new ArrayList<>();

    /**
     * A benchmark.
     *
     * @param prefills    tokens of prompts that are read
     * @param completions that are compared
     */
    GpuBenchmark(Parameters parameters, List<Integer> prefills, int completions) {
        this.parameters = parameters;
        this.prefills = prefills;
        this.completions = completions;
    }

    /** Measures, prints and writes. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Map<String, String> environment = System.getenv();
        List<Integer> prefills = Arrays.stream(
                        environment.getOrDefault("PREFILL", "512").split(","))
                .map(length -> Integer.valueOf(length.strip()))
                .toList();
        int completions = Integer.parseInt(environment.getOrDefault("COMPLETIONS", "8"));
        new GpuBenchmark(Parameters.from(environment), prefills, completions).run();
    }

    void run() throws IOException, InterruptedException {
        EngineBenchmark.Result decode = EngineBenchmark.measure(parameters, library, this::open);
        List<Ratio> ratios = Ratio.of(decode.samples());
        ratios.forEach(ratio -> say(ratio.line()));
        say("EQUAL bare all %d %d", decode.same(), decode.rounds());
        double bandwidth = copySpeed();
        say("BANDWIDTH %s %.1f", parameters.device(), bandwidth / 1e9);
        for (String model : parameters.models()) {
            share(model, decode.samples(), bandwidth);
            prefill(model);
            equality(model);
        }
        new GpuReport(parameters, library, decode.samples(), ratios, lines).write();
    }

    private void say(String format, Object... values) {
        String line = values.length == 0 ? format : String.format(Locale.ROOT, format, values);
        System.out.println(line);
        lines.add(line);
    }

    private void open(Map<String, Peer> peers, Setting setting, Path bareLoop, Path libraries)
            throws IOException, InterruptedException {
        peers.put(Sample.SEPARATE, LineProcess.bareLoop(setting, bareLoop, libraries, false));
        peers.put(
                setting.onGpu() ? Sample.WHOLE_ROWS : Sample.CANDIDATES,
                LineProcess.engine(setting, true, !setting.onGpu()));
        if (parameters.llamaServer() != null) {
            peers.put(Sample.SERVER_BACKEND, LlamaServer.start(parameters.llamaServer(), setting, true));
        }
    }

    /** Bytes a second that the device reads and writes. */
    private double copySpeed() throws IOException, InterruptedException {
        boolean cpu = parameters.device() instanceof Device.Cpu;
        Process copy = new ProcessBuilder(
                        EngineBenchmark.build(library, "copy-speed", "CopySpeed.cpp")
                                .toString(),
                        EngineBenchmark.libraries(library).toString(),
                        parameters.device().toString(),
                        Integer.toString(cpu ? CPU_COPY_MIB : GPU_COPY_MIB))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = copy.inputReader().readLine();
        if (copy.waitFor() != 0 || said == null) {
            throw new IOException("the device's copies could not be measured");
        }
        return Double.parseDouble(said);
    }

    /** All weights are read for each token, and the bandwidth is the limit of that. */
    private void share(String model, List<Sample> samples, double bandwidth) throws IOException {
        double limit = bandwidth / Files.size(EngineBenchmark.file(model));
        for (String peer : List.of(Sample.ENGINE, Sample.BARE)) {
            double[] speeds = samples.stream()
                    .filter(sample -> sample.model().equals(EngineBenchmark.name(model))
                            && sample.sequences() == 1
                            && sample.peer().equals(peer)
                            && sample.sampling() == Sampling.GREEDY)
                    .mapToDouble(Sample::decodeTokensPerSecond)
                    .sorted()
                    .toArray();
            if (speeds.length > 0) {
                double median = Ratio.median(speeds);
                say("SHARE %s %s %.1f %.1f %.3f", peer, EngineBenchmark.name(model), median, limit, median / limit);
            }
        }
    }

    private void prefill(String model) throws IOException, InterruptedException {
        Path file = EngineBenchmark.file(model).toAbsolutePath();
        int vocabulary = EngineBenchmark.vocabulary(library, file);
        for (int length : prefills) {
            Setting setting =
                    new Setting(file, parameters.device(), length + 2 * Load.STEP_ROWS, 1, parameters.threads());
            try (Peer engine = LineProcess.engine(setting, true)) {
                int warmUp = Math.min(length, SHORT_PROMPT_TOKENS);
                engine.generate(Load.random(-1, Sampling.GREEDY, 2, 1, vocabulary, warmUp));
                int rounds = length > MOST_TOKENS_OF_SEVERAL_ROUNDS ? 1 : parameters.rounds();
                double[] speeds = new double[rounds];
                for (int round = 0; round < rounds; round++) {
                    Measurement read = engine.generate(Load.random(round, Sampling.GREEDY, 2, 1, vocabulary, length));
                    speeds[round] = length * 1e9 / (read.nanos() - read.decodeNanos());
                }
                Arrays.sort(speeds);
                say(
                        "PREFILL %s %d %.1f %.1f %.1f",
                        EngineBenchmark.name(model), length, Ratio.median(speeds), speeds[0], speeds[rounds - 1]);
            } catch (IOException e) {
                // The process has said why: most likely the context does not fit beside the weights.
                say("PREFILL %s %d failed", EngineBenchmark.name(model), length);
            }
        }
    }

    /** Greedy completions in a process each: one by one; all at once; and one by one from their middle on. */
    private void equality(String model) throws IOException, InterruptedException {
        Path file = EngineBenchmark.file(model).toAbsolutePath();
        int tokens = parameters.tokens();
        int half = tokens / 2;
        List<int[]> prompts = Load.random(
                        99, Sampling.GREEDY, tokens, completions, EngineBenchmark.vocabulary(library, file))
                .prompts();
        List<List<Integer>> alone = complete(file, one(prompts, tokens));
        List<List<Integer>> batched = complete(file, List.of(new Load(Sampling.GREEDY, tokens, prompts)));
        List<int[]> longer = IntStream.range(0, completions)
                .mapToObj(i -> IntStream.concat(
                                Arrays.stream(prompts.get(i)),
                                alone.get(i).stream().limit(half).mapToInt(id -> id))
                        .toArray())
                .toList();
        List<List<Integer>> rests = complete(file, one(longer, tokens - half));
        String name = EngineBenchmark.name(model);
        say("EQUAL batch %s %d %d", name, equal(batched, alone), completions);
        List<List<Integer>> wanted =
                alone.stream().map(ids -> ids.subList(half, tokens)).toList();
        say("EQUAL continued %s %d %d", name, equal(rests, wanted), completions);
    }

    private static List<Load> one(List<int[]> prompts, int tokens) {
        return prompts.stream()
                .map(prompt -> new Load(Sampling.GREEDY, tokens, List.of(prompt)))
                .toList();
    }

    /** By a new process, so that nothing is in its cache. */
    private List<List<Integer>> complete(Path file, List<Load> loads) throws IOException, InterruptedException {
        Setting setting =
                Setting.of(file, parameters.device(), completions, 2 * parameters.tokens(), parameters.threads());
        List<List<Integer>> all = new ArrayList<>();
        try (Peer engine = LineProcess.engine(setting, true)) {
            for (Load load : loads) {
                List<Integer> ids = engine.generate(load).ids();
                for (int from = 0; from < ids.size(); from += load.tokens()) {
                    all.add(ids.subList(from, from + load.tokens()));
                }
            }
        }
        return all;
    }

    private static long equal(List<List<Integer>> some, List<List<Integer>> others) {
        return IntStream.range(0, some.size())
                .filter(i -> some.get(i).equals(others.get(i)))
                .count();
    }
}
