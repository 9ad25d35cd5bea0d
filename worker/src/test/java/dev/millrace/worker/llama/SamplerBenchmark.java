package dev.millrace.worker.llama;

import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * {@code make bench-sampler}: milliseconds a token at Qwen3's vocabulary, of our sampler and of llama.cpp's chain, by
 * turns over the same rows in the same process. Peaked rows are as a language model's: normal scores with 60 tokens
 * ahead of them; flat rows have no such tokens, so that a nucleus holds thousands. Then what the mask of a language adds.
 */
final class SamplerBenchmark {
    private static final int VOCABULARY = 151_936;
    private static final int ROWS = 16;
    private static final int HISTORY = 1024;
    private static final double NANOS_PER_MS = 1e6;

    private final Random random = new Random(1);
    private final List<FloatBuffer> peaked = rows(60);
    private final List<FloatBuffer> flat = rows(0);
    private final int[] history =
            random.ints(HISTORY, 0, VOCABULARY).map(token -> token / 100).toArray();
    private final int rounds;

    private SamplerBenchmark(int rounds) {
        this.rounds = rounds;
    }

    /**
     * Measures and prints.
     *
     * @param arguments the library of {@link StockSampler}, the number of rounds
     */
    public static void main(String[] arguments) {
        LlamaLibrary library = LlamaLibrary.load(LlamaLibrary.nativeDirectory(), null);
        System.load(Path.of(arguments[0]).toAbsolutePath().toString());
        SamplerBenchmark benchmark = new SamplerBenchmark(Integer.parseInt(arguments[1]));
        System.out.printf("%-42s %9s %9s %9s %9s%n", "ms a token, median", "ours", "p99", "llama.cpp", "ratio");
        cases().forEach((name, settings) -> benchmark.measure(library, name, settings));
        System.out.printf(
                "%n%-42s %9s %9s %9s %9s%n", "with the mask of a language", "without", "p99", "with", "ratio");
        benchmark.measureMask(library);
    }

    private static Map<String, SamplerSettings> cases() {
        Penalties penalties = new Penalties(1.1f, 0.5f, 0.1f, 0);
        Penalties ban = new Penalties(1.1f, 0.5f, 0.1f, 3);
        Map<String, SamplerSettings> cases = new TreeMap<>();
        cases.put("1 greedy", SamplerSettings.GREEDY);
        cases.put("2 top_k 20, top_p 0.8", new SamplerSettings(0.7f, 0.8f, 20, 1));
        cases.put("3 the same with penalties", with(20, 0.8f, penalties, SamplerSettings.NO_LOGPROBS));
        cases.put("4 the same with n-gram ban", with(20, 0.8f, ban, SamplerSettings.NO_LOGPROBS));
        cases.put("5 the same with 20 logprobs", with(20, 0.8f, ban, 20));
        cases.put("6 top_p 0.95", new SamplerSettings(1, 0.95f, 0, 1));
        cases.put("7 temperature alone", new SamplerSettings(1, 1, 0, 1));
        return cases;
    }

    private static SamplerSettings with(int topK, float topP, Penalties penalties, int logprobs) {
        return new SamplerSettings(0.7f, topP, topK, 0, 1, penalties, List.of(), logprobs);
    }

    private void measure(LlamaLibrary library, String name, SamplerSettings settings) {
        report(name + ", peaked rows", measure(library, settings, peaked));
        report(name + ", flat rows", measure(library, settings, flat));
    }

    /** Of a vocabulary of which two fifths, in runs and scattered, are foreign. */
    private void measureMask(LlamaLibrary library) {
        List<byte[]> pieces = IntStream.range(0, VOCABULARY)
                .mapToObj(token -> token % 5 == 0 || token / 1000 % 5 == 0 ? "字" : "a")
                .map(piece -> piece.getBytes(StandardCharsets.UTF_8))
                .toList();
        Vocabulary vocabulary = Vocabulary.of(pieces, Map.of(), List.of());
        BitSet letters = new BitSet();
        letters.set('a');
        ScriptMask mask = ScriptMask.of(vocabulary, letters);
        for (var of : List.of(peaked, flat)) {
            for (SamplerSettings settings : List.of(
                    SamplerSettings.GREEDY, new SamplerSettings(0.7f, 0.8f, 20, 1), new SamplerSettings(1, 1, 0, 1))) {
                double[][] ms = new double[2][rounds];
                try (Sampler with = Sampler.open(library, settings.withMask(mask), vocabulary);
                        Sampler without = Sampler.open(library, settings, vocabulary)) {
                    for (int round = -ROWS; round < rounds; round++) {
                        FloatBuffer row = of.get(Math.floorMod(round, ROWS));
                        double[] times = {
                            time(round + ROWS, i -> with.sample(row, i)),
                            time(round + ROWS, i -> without.sample(row, i))
                        };
                        if (round >= 0) {
                            ms[0][round] = times[1];
                            ms[1][round] = times[0];
                        }
                    }
                }
                String name = settings.temperature() == 0
                        ? "greedy"
                        : settings.topK() > 0 ? "top_k 20, top_p 0.8" : "temperature alone";
                report(name + (of == peaked ? ", peaked rows" : ", flat rows"), ms);
            }
        }
    }

    private double[][] measure(LlamaLibrary library, SamplerSettings settings, List<FloatBuffer> rows) {
        double[][] ms = new double[2][rounds];
        try (Sampler ours = Sampler.open(library, settings, VOCABULARY);
                StockSampler stock = new StockSampler(settings, VOCABULARY, HISTORY)) {
            IntStream.of(history).forEach(ours::append);
            IntStream.of(history).forEach(stock::append);
            for (int round = -ROWS; round < rounds; round++) {
                FloatBuffer row = rows.get(Math.floorMod(round, ROWS));
                int index = round + ROWS;
                int token = history[index % HISTORY];
                double oursMs = time(index, i -> {
                    ours.append(token);
                    ours.sample(row, i);
                });
                double stockMs = time(index, i -> {
                    stock.append(token);
                    stock.sample(row);
                });
                if (round >= 0) {
                    ms[0][round] = oursMs;
                    ms[1][round] = stockMs;
                }
            }
        }
        return ms;
    }

    private static double time(int index, IntConsumer work) {
        long before = System.nanoTime();
        work.accept(index);
        return (System.nanoTime() - before) / NANOS_PER_MS;
    }

    private static void report(String name, double[][] ms) {
        Arrays.sort(ms[0]);
        Arrays.sort(ms[1]);
        double ours = ms[0][ms[0].length / 2];
        double stock = ms[1][ms[1].length / 2];
        System.out.printf(
                Locale.ROOT,
                "%-42s %9.3f %9.3f %9.3f %9.1f%n",
                name,
                ours,
                ms[0][ms[0].length * 99 / 100],
                stock,
                stock / ours);
    }

    private List<FloatBuffer> rows(int ahead) {
        return IntStream.range(0, ROWS)
                .mapToObj(row -> {
                    float[] scores = Rows.gaussian(row, VOCABULARY, 2);
                    for (int i = 0; i < ahead; i++) {
                        scores[random.nextInt(VOCABULARY)] = 22 - 3 * (float) Math.log(1 + i) - random.nextFloat();
                    }
                    return Rows.buffer(scores);
                })
                .toList();
    }
}
