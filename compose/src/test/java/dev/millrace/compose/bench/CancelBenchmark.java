package dev.millrace.compose.bench;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.stack.Installation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * {@code make bench-cancel}: from a cancellation's append to that of the terminal, which comes after the slot is free.
 * Every other round the workers are changed first, one for another, and what has moved is cancelled as soon as its new
 * owner has claimed it.
 */
final class CancelBenchmark {

    private static final int STREAMS = 40;
    private static final long UNTIL_MOVED_MS = 5_000;
    private static final int MOST_BETWEEN_MS = 10;

    private static final String SETTLED = "settled";
    private static final String MOVED = "moved";

    private final Installation installation = Installation.create(CancelBenchmark.class);
    private final CancelledStreams streams = new CancelledStreams(installation);
    private final Random random = new Random(1);
    private final List<JavaProcess> workers = new ArrayList<>();
    private final Map<String, List<Long>> ms = new HashMap<>();

    /**
     * Measures, prints and ends.
     *
     * @param arguments the number of cancellations
     */
    public static void main(String[] arguments) throws Exception {
        int wanted = Integer.parseInt(arguments[0]);
        CancelBenchmark benchmark = new CancelBenchmark();
        benchmark.startWorker();
        benchmark.startWorker();
        for (int round = 0; benchmark.measured() < wanted; round++) {
            benchmark.run(round % 2 == 1);
        }
        benchmark.report();
        for (JavaProcess worker : benchmark.workers) {
            worker.terminate();
        }
        System.exit(0);
    }

    private void startWorker() throws IOException {
        workers.add(installation.startWorker("--slots=64", "--pace-tokens-per-second=20"));
    }

    private int measured() {
        return ms.values().stream().mapToInt(List::size).sum();
    }

    private void run(boolean changeWorkers) throws IOException, InterruptedException, ExecutionException {
        streams.start(STREAMS);
        if (changeWorkers) {
            startWorker();
            workers.remove(0).terminate();
            streams.cancelWhatMoves(UNTIL_MOVED_MS).forEach(took -> note(MOVED, took));
        }
        while (streams.anyRunning()) {
            TimeUnit.MILLISECONDS.sleep(random.nextInt(MOST_BETWEEN_MS));
            streams.cancelNext();
        }
        streams.awaitEnds().forEach(took -> note(SETTLED, took));
    }

    private void note(String kind, long took) {
        ms.computeIfAbsent(kind, none -> new ArrayList<>()).add(took);
    }

    private void report() {
        ms.forEach((kind, all) -> {
            all.sort(Comparator.naturalOrder());
            System.out.printf(
                    "CANCEL %s n=%d p50_ms=%d p99_ms=%d max_ms=%d%n",
                    kind, all.size(), all.get(all.size() / 2), all.get(all.size() * 99 / 100), all.get(all.size() - 1));
        });
    }
}
