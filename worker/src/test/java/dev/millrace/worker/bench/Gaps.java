package dev.millrace.worker.bench;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Times between two tokens of a stream.
 *
 * @param sortedNanos of all streams
 */
record Gaps(List<Long> sortedNanos) {
    /** Those whose later token came after {@code from} and not after {@code to}, of {@link System#nanoTime}. */
    static Gaps between(List<Arrivals> streams, long from, long to) {
        return new Gaps(streams.stream()
                .map(Arrivals::nanos)
                .flatMap(nanos -> IntStream.range(1, nanos.size())
                        .filter(i -> nanos.get(i) > from && nanos.get(i) <= to)
                        .mapToObj(i -> nanos.get(i) - nanos.get(i - 1)))
                .sorted()
                .toList());
    }

    /** Milliseconds. */
    double ms(int percentile) {
        return sortedNanos.get((sortedNanos.size() - 1) * percentile / 100) / 1e6;
    }
}
