package dev.millrace.worker.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Millrace beside llama-server: medians over the rounds, of what both did in the same round.
 *
 * @param throughput Millrace's tokens a second over llama-server's
 * @param firstTokenMs how much later Millrace's first text came
 */
record EndToEndRatio(String model, int clients, double throughput, double firstTokenMs) {
    /** In the order in which samples name models and clients. */
    static List<EndToEndRatio> of(List<EndToEndSample> samples) {
        List<EndToEndRatio> ratios = new ArrayList<>();
        for (String model :
                samples.stream().map(EndToEndSample::model).distinct().toList()) {
            for (int clients :
                    samples.stream().map(EndToEndSample::clients).distinct().toList()) {
                List<EndToEndSample> own = samples.stream()
                        .filter(sample -> sample.model().equals(model) && sample.clients() == clients)
                        .toList();
                ratios.add(of(model, clients, own));
            }
        }
        return ratios;
    }

    private static EndToEndRatio of(String model, int clients, List<EndToEndSample> samples) {
        int rounds = samples.stream().mapToInt(EndToEndSample::round).max().orElse(0) + 1;
        double[] throughput = new double[rounds];
        double[] firstTokenMs = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            throughput[round] = of(samples, round, EndToEndBenchmark.MILLRACE, EndToEndSample::tokensPerSecond)
                    / of(samples, round, EndToEndBenchmark.SERVER, EndToEndSample::tokensPerSecond);
            firstTokenMs[round] = of(samples, round, EndToEndBenchmark.MILLRACE, EndToEndSample::firstTokenMs)
                    - of(samples, round, EndToEndBenchmark.SERVER, EndToEndSample::firstTokenMs);
        }
        Arrays.sort(throughput);
        Arrays.sort(firstTokenMs);
        return new EndToEndRatio(model, clients, Ratio.median(throughput), Ratio.median(firstTokenMs));
    }

    private static double of(
            List<EndToEndSample> samples, int round, String peer, ToDoubleFunction<EndToEndSample> value) {
        return samples.stream()
                .filter(sample -> sample.round() == round && sample.peer().equals(peer))
                .mapToDouble(value)
                .findFirst()
                .orElseThrow();
    }

    /** For scripts. */
    String line() {
        return String.format(Locale.ROOT, "RATIO end-to-end %s %d %.3f %.1f", model, clients, throughput, firstTokenMs);
    }

    String row() {
        return String.format(Locale.ROOT, "| %s | %d | %.3f | %.1f |%n", model, clients, throughput, firstTokenMs);
    }
}
