package dev.millrace.worker.bench;

import dev.millrace.worker.llama.Device;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a run of the benchmark is told.
 *
 * @param models {@code demo}, {@code generated}, {@code generated-4b}, {@code generated-small}, or GGUF files
 * @param sequences numbers of completions at once
 * @param tokens of each completion
 * @param threads of each peer
 * @param llamaServer the program; null: do without
 * @param reports folder to write to
 * @param leastNanos a load is repeated, with other prompts, until it has taken so long
 * @param device of all peers
 * @param samplings that are measured
 */
record Parameters(
        List<String> models,
        List<Integer> sequences,
        int rounds,
        int tokens,
        int threads,
        @Nullable Path llamaServer,
        Path reports,
        long leastNanos,
        Device device,
        Set<Sampling> samplings) {
    static final String DEMO = "demo";
    static final String GENERATED = "generated";
    static final String GENERATED_4B = "generated-4b";
    static final String GENERATED_SMALL = "generated-small";

    private static final long LEAST_NANOS = 1_000_000_000L;
    private static final int MOST_SEQUENCES = 250;

    Parameters {
        if (rounds < 1 || tokens < 2 || threads < 1 || sequences.stream().anyMatch(n -> n < 1 || n > MOST_SEQUENCES)) {
            throw new IllegalArgumentException(
                    "ROUNDS and THREADS are at least 1, TOKENS at least 2, SEQUENCES 1 to " + MOST_SEQUENCES);
        }
    }

    static Parameters from(Map<String, String> environment) {
        String server = environment.getOrDefault("LLAMA_SERVER", "");
        return new Parameters(
                list(environment.getOrDefault("MODELS", DEMO + "," + GENERATED)),
                list(environment.getOrDefault("SEQUENCES", "1,4,16,64")).stream()
                        .map(Integer::valueOf)
                        .toList(),
                Integer.parseInt(environment.getOrDefault("ROUNDS", "3")),
                Integer.parseInt(environment.getOrDefault("TOKENS", "32")),
                Integer.parseInt(environment.getOrDefault("THREADS", Integer.toString(freeCores()))),
                server.isEmpty() ? null : Path.of(server).toAbsolutePath(),
                Path.of(environment.getOrDefault("REPORTS", "../docs/bench")),
                LEAST_NANOS,
                Device.parse(environment.getOrDefault("DEVICE", "cpu")),
                samplings(environment.getOrDefault("SAMPLINGS", "greedy,sampled,masked")));
    }

    /** One is left to those who send and read. */
    private static int freeCores() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    }

    private static Set<Sampling> samplings(String text) {
        return list(text).stream()
                .map(Sampling::of)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Sampling.class)));
    }

    private static List<String> list(String text) {
        return Arrays.stream(text.split(",")).map(String::strip).toList();
    }
}
