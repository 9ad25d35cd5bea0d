package dev.millrace.compose.bench.gateway;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.bench.gateway.Load.Heavy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * {@code make bench-gateway}: prints a line for each figure and writes the report. Run in the directory of compose, with
 * what {@link Parameters} says.
 */
final class GatewayBenchmark {
    private static final int SOCKETS = 100;
    private static final int PACE = 10_000;
    private static final int FIRST_IDLE = 100;

    private final Parameters parameters;
    private final List<Figure> figures = new ArrayList<>();
    private final Map<String, Relayed> loads = new LinkedHashMap<>();

    GatewayBenchmark(Parameters parameters) {
        this.parameters = parameters;
    }

    public static void main(String[] arguments) throws Exception {
        new GatewayBenchmark(Parameters.from(System.getenv())).run();
        System.exit(0);
    }

    List<Figure> run() throws Exception {
        Path data = Files.createTempDirectory(Path.of("target"), "bench-gateway");
        try {
            try (RelayPath path = new RelayPath(Files.createDirectory(data.resolve("relay")))) {
                capacity(path, 1, "100,000");
                capacity(path, 8, "300,000");
                delay(path);
                neighbours(path);
            }
            try (RelayPath path = new RelayPath(Files.createDirectory(data.resolve("idle")))) {
                idle(path);
            }
        } finally {
            delete(data);
        }
        new GatewayReport(parameters, figures, loads).write();
        return figures;
    }

    private void tell(String name, double value, String meaning, String aim) {
        Figure figure = new Figure(name, value, meaning, aim);
        figures.add(figure);
        System.out.println(figure.line());
    }

    private void capacity(RelayPath path, int tokensPerEvent, String aim) throws Exception {
        Relayed relayed = path.relay(new Load(SOCKETS, tokensPerEvent, 0, Heavy.NONE), parameters.seconds());
        String tokens = tokensPerEvent == 1 ? "1 token" : tokensPerEvent + " tokens";
        loads.put("as much as goes, " + tokens + " an event", relayed);
        tell(
                "capacity-" + tokensPerEvent + "-tokens/s",
                relayed.tokensPerSecond(),
                "tokens/s relayed to " + SOCKETS + " sockets, " + tokens + " an event",
                aim);
    }

    private void delay(RelayPath path) throws Exception {
        Relayed relayed = path.relay(new Load(SOCKETS, 1, PACE, Heavy.NONE), parameters.seconds());
        loads.put("10,000 tokens/s, 1 token an event", relayed);
        String meaning = "ms from a chunk's append in Kafka to its frame, " + SOCKETS + " sockets, 10,000 tokens/s, ";
        tell("delay-p50-ms", relayed.p50Ms(), meaning + "p50", "");
        tell("delay-p99-ms", relayed.p99Ms(), meaning + "p99", "10");
    }

    /** The same twice with all clients reading, and once between with one that does not. */
    private void neighbours(RelayPath path) throws Exception {
        List<Double> reading = new ArrayList<>();
        List<Double> stalled = new ArrayList<>();
        List<Double> spread = new ArrayList<>();
        for (int round = 0; round < parameters.rounds(); round++) {
            double before = p99(path, Heavy.READ);
            stalled.add(p99(path, Heavy.STALLED));
            double after = p99(path, Heavy.READ);
            reading.addAll(List.of(before, after));
            spread.add(Math.abs(after - before));
        }
        String meaning = "ms at p99 for the " + SOCKETS + " neighbours of a socket with 800 kB/s that ";
        tell("neighbours-p99-ms", median(reading), meaning + "reads, median", "");
        tell("neighbours-of-stalled-p99-ms", median(stalled), meaning + "never reads, median", "");
        tell(
                "neighbours-spread-p99-ms",
                median(spread),
                "ms between two such p99 where all read, before and after, median",
                "");
        tell(
                "stalled-sockets-closed",
                (double) path.closedAsTooSlow(),
                "of " + stalled.size() + " sockets that never read",
                "");
    }

    private double p99(RelayPath path, Heavy heavy) throws Exception {
        return path.relay(new Load(SOCKETS, 1, PACE, heavy), parameters.seconds())
                .p99Ms();
    }

    private void idle(RelayPath path) throws Exception {
        ProcessFigures gateway = path.gateway();
        int sockets = parameters.idleSockets();
        try (JavaProcess first = path.openIdle(FIRST_IDLE)) {
            long heapBefore = gateway.usedHeapKiB();
            long residentBefore = gateway.residentKiB();
            try (JavaProcess more = path.openIdle(sockets)) {
                double heap = gateway.usedHeapKiB() - heapBefore;
                double resident = gateway.residentKiB() - residentBefore;
                if (!first.running() || !more.running()) {
                    throw new IOException("the clients have ended: " + more.standardError());
                }
                String meaning = "KiB for each of " + sockets + " idle sockets, ";
                tell(
                        "idle-socket-resident-KiB",
                        resident / sockets,
                        meaning + "of the process, after a collection",
                        "");
                tell("idle-socket-heap-KiB", heap / sockets, meaning + "of its heap, after a collection", "");
            }
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static void delete(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
