package dev.millrace.compose.bench.gateway;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * What became of a load, without its warm-up.
 *
 * @param tokensPerSecond that came to the clients
 * @param tokensPerFrame that came
 * @param p50Ms from an event's append at the broker, whose clock has milliseconds, to its frame at the client
 * @param cpuMicrosPerToken of each process
 */
record Relayed(
        double tokensPerSecond,
        double tokensPerFrame,
        double p50Ms,
        double p99Ms,
        Map<String, Double> cpuMicrosPerToken) {
    private static final double MICROS_PER_SECOND = 1e6;
    private static final double MICROS_PER_MS = 1e3;

    static Relayed of(
            Load load,
            int warmUp,
            int sent,
            Arrivals arrivals,
            ReplyGenerator generator,
            Map<String, Double> cpuSeconds) {
        long[] came = new long[sent - warmUp];
        long[] delays = new long[sent - warmUp];
        for (int i = 0; i < came.length; i++) {
            came[i] = arrivals.unixMicros(warmUp + i);
            delays[i] = came[i] - 1_000 * generator.appendedUnixMs(warmUp + i);
        }
        Arrays.sort(came);
        Arrays.sort(delays);
        double seconds = (came[came.length - 1] - came[0]) / MICROS_PER_SECOND;
        long tokens = (long) came.length * load.tokensPerEvent();
        double allTokens = (double) sent * load.tokensPerEvent();
        Map<String, Double> cpu = new TreeMap<>();
        cpuSeconds.forEach((process, spent) -> cpu.put(process, spent * MICROS_PER_SECOND / allTokens));
        return new Relayed(
                tokens / seconds,
                allTokens / arrivals.frames(),
                percentile(delays, 50) / MICROS_PER_MS,
                percentile(delays, 99) / MICROS_PER_MS,
                cpu);
    }

    private static double percentile(long[] sorted, int percent) {
        return sorted[Math.min(sorted.length - 1, (int) ((long) sorted.length * percent / 100))];
    }
}
