package dev.millrace.compose.bench;

import dev.millrace.compose.stack.Expected;
import dev.millrace.schemas.event.Message;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * {@code make bench-first-token}: how long an idle system takes to the first text of an answer, over WebSocket through
 * gateway, Kafka and worker, and from an engine alone. The demo model; one prompt at a time, by turns over the same
 * prompts.
 */
final class FirstTokenBenchmark {

    static final int TOKENS = 8;

    private static final int WARM_UP = 200;
    private static final double NANOS_PER_MS = 1e6;

    private FirstTokenBenchmark() {}

    /**
     * Measures, prints and ends.
     *
     * @param arguments the address of the chat page, the model's file, the number of rounds
     */
    public static void main(String[] arguments) throws Exception {
        URI socketUri = URI.create(arguments[0].replaceFirst("http", "ws") + "/v1/responses");
        int rounds = Integer.parseInt(arguments[2]);
        List<Message> prompts = Expected.all().stream()
                .filter(expected -> expected.messages().size() == 1)
                .map(expected -> expected.messages().get(0))
                .toList();
        try (EngineAlone engine = EngineAlone.open(Path.of(arguments[1]));
                ChatSocket socket = new ChatSocket(socketUri)) {
            run(prompts, WARM_UP, engine, socket);
            double[][] ms = run(prompts, rounds, engine, socket);
            report(ms[0], ms[1]);
        }
        System.exit(0);
    }

    /** Sorted milliseconds of each way. */
    private static double[][] run(List<Message> prompts, int rounds, FirstText... ways) throws Exception {
        double[][] ms = new double[ways.length][rounds];
        for (int round = 0; round < rounds; round++) {
            Message prompt = prompts.get(round % prompts.size());
            for (int way = 0; way < ways.length; way++) {
                ms[way][round] = ways[way].ask(prompt) / NANOS_PER_MS;
            }
        }
        Arrays.stream(ms).forEach(Arrays::sort);
        return ms;
    }

    private static void report(double[] engine, double[] socket) {
        System.out.printf(Locale.ROOT, "%-18s %8s %8s %8s%n", "first text, ms", "p50", "p95", "p99");
        line("engine alone", engine);
        line("over WebSocket", socket);
        double difference = percentile(socket, 50) - percentile(engine, 50);
        System.out.printf(
                Locale.ROOT,
                "FIRST_TOKEN rounds=%d engine_p50_ms=%.2f websocket_p50_ms=%.2f difference_p50_ms=%.2f ratio_p50=%.2f%n",
                engine.length,
                percentile(engine, 50),
                percentile(socket, 50),
                difference,
                percentile(socket, 50) / percentile(engine, 50));
    }

    private static void line(String way, double[] sorted) {
        System.out.printf(
                Locale.ROOT,
                "%-18s %8.2f %8.2f %8.2f%n",
                way,
                percentile(sorted, 50),
                percentile(sorted, 95),
                percentile(sorted, 99));
    }

    private static double percentile(double[] sorted, int percent) {
        return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }
}
