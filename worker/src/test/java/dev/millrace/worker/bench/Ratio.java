package dev.millrace.worker.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * The engine's speed over that of a peer, of the same round each: above 1 the engine is faster.
 *
 * @param peer {@code bare} and {@code llama-server}, or the engine itself: {@code greedy} without sampling, {@code
 *     sampled} without a mask, {@code whole-rows} without candidates, {@code candidates} with them; or {@code separate}, where the bare loop is compared with itself, with cells of
 *     its own for each sequence
 * @param sampling with {@code -inexact} behind it for the engine without exactness
 */
record Ratio(String peer, String model, String sampling, int sequences, double median, double min, double max) {
    private static final String INEXACT_SUFFIX = "-inexact";

    /** In the order in which samples name models and sequences. */
    static List<Ratio> of(List<Sample> samples) {
        List<Ratio> ratios = new ArrayList<>();
        for (String model : samples.stream().map(Sample::model).distinct().toList()) {
            for (int sequences :
                    samples.stream().map(Sample::sequences).distinct().toList()) {
                List<Sample> own = samples.stream()
                        .filter(sample -> sample.model().equals(model) && sample.sequences() == sequences)
                        .toList();
                addAll(ratios, own);
            }
        }
        return ratios;
    }

    /** Of one model at one number of sequences. */
    private static void addAll(List<Ratio> ratios, List<Sample> samples) {
        ToDoubleFunction<Sample> decode = Sample::decodeTokensPerSecond;
        ToDoubleFunction<Sample> endToEnd = Sample::endToEndTokensPerSecond;
        add(ratios, samples, Sample.BARE, is(Sample.ENGINE, Sampling.GREEDY), is(Sample.BARE, Sampling.GREEDY), decode);
        add(
                ratios,
                samples,
                Sample.SEPARATE,
                is(Sample.BARE, Sampling.GREEDY),
                is(Sample.SEPARATE, Sampling.GREEDY),
                decode);
        for (Sampling sampling : List.of(Sampling.GREEDY, Sampling.SAMPLED)) {
            for (String engine : List.of(Sample.ENGINE, Sample.INEXACT)) {
                for (String server : List.of(Sample.SERVER, Sample.SERVER_BACKEND)) {
                    add(ratios, samples, server, is(engine, sampling), is(server, sampling), endToEnd);
                }
            }
            for (String engine : List.of(Sample.WHOLE_ROWS, Sample.CANDIDATES)) {
                add(ratios, samples, engine, is(Sample.ENGINE, sampling), is(engine, sampling), decode);
            }
        }
        add(
                ratios,
                samples,
                Sampling.GREEDY.toString(),
                is(Sample.ENGINE, Sampling.SAMPLED),
                is(Sample.ENGINE, Sampling.GREEDY),
                decode);
        add(
                ratios,
                samples,
                Sampling.SAMPLED.toString(),
                is(Sample.ENGINE, Sampling.MASKED),
                is(Sample.ENGINE, Sampling.SAMPLED),
                decode);
    }

    private static Predicate<Sample> is(String peer, Sampling sampling) {
        return sample -> sample.peer().equals(peer) && sample.sampling() == sampling;
    }

    private static void add(
            List<Ratio> ratios,
            List<Sample> samples,
            String peer,
            Predicate<Sample> ours,
            Predicate<Sample> theirs,
            ToDoubleFunction<Sample> speed) {
        List<Sample> numerators = byRound(samples, ours);
        List<Sample> denominators = byRound(samples, theirs);
        if (numerators.isEmpty() || denominators.isEmpty()) {
            return;
        }
        double[] sorted = new double[numerators.size()];
        for (int round = 0; round < sorted.length; round++) {
            sorted[round] = speed.applyAsDouble(numerators.get(round)) / speed.applyAsDouble(denominators.get(round));
        }
        Arrays.sort(sorted);
        Sample sample = numerators.get(0);
        ratios.add(new Ratio(
                peer,
                sample.model(),
                sample.sampling() + (sample.peer().equals(Sample.INEXACT) ? INEXACT_SUFFIX : ""),
                sample.sequences(),
                median(sorted),
                sorted[0],
                sorted[sorted.length - 1]));
    }

    private static List<Sample> byRound(List<Sample> samples, Predicate<Sample> condition) {
        return samples.stream()
                .filter(condition)
                .sorted(Comparator.comparingInt(Sample::round))
                .toList();
    }

    static double median(double... sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** For scripts. */
    String line() {
        return String.format(
                Locale.ROOT, "RATIO %s %s %s %d %.3f %.3f %.3f", peer, model, sampling, sequences, median, min, max);
    }
}
