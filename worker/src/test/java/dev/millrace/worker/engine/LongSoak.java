package dev.millrace.worker.engine;

import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;

/**
 * {@code make soak-engine}: the soak for as long as it is told. Prints the process's resident memory once a minute. Ends
 * with 1 when a cell is not free, when a completion came out otherwise than before, or when memory grew after the first
 * minutes, in which the JVM compiles and the caches fill.
 */
final class LongSoak {
    private static final ContextSettings SETTINGS = new ContextSettings(900, 12, 256, 1);
    private static final int SLOTS = 8;
    private static final long HOST_CACHE_BYTES = 8 << 20;
    private static final long REPORT_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long WARM_UP_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final double MOST_GROWTH_MIB = 16;
    private static final int OPERATIONS = 1000;
    private static final double PAGES_PER_MIB = 256;

    private LongSoak() {}

    /**
     * Soaks and ends the process.
     *
     * @param arguments the model's file, and the duration in seconds
     */
    public static void main(String[] arguments) throws IOException {
        long durationNanos = TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[1]));
        LlamaLibrary library = LlamaLibrary.load(LlamaLibrary.nativeDirectory(), null);
        double growthMib;
        try (LlamaModel model = LlamaModel.open(library, Path.of(arguments[0]), new Device.Cpu(), LoadProgress.SILENT);
                LlamaContext context = LlamaContext.open(model, SETTINGS)) {
            EngineSoak soak = new EngineSoak(context, model.vocabulary(), SLOTS, HOST_CACHE_BYTES, 1);
            growthMib = run(soak, durationNanos);
        }
        System.out.printf(
                Locale.ROOT,
                "SOAK_ENGINE seconds=%s growth_after_warm_up_mib=%.1f cells_left=0%n",
                arguments[1],
                growthMib);
        System.exit(growthMib > MOST_GROWTH_MIB ? 1 : 0);
    }

    /** Growth of resident memory from the end of the warm-up to the end; 0 where there was nothing behind it. */
    private static double run(EngineSoak soak, long durationNanos) throws IOException {
        System.out.println("seconds  completions  preemptions  resident MiB");
        long begin = System.nanoTime();
        double warmMib = 0;
        double lastMib = 0;
        for (long elapsed = 0; elapsed < durationNanos; ) {
            long reportAt = Math.min(durationNanos, elapsed + REPORT_NANOS);
            while (elapsed < reportAt) {
                for (int i = 0; i < OPERATIONS; i++) {
                    soak.operate();
                }
                elapsed = System.nanoTime() - begin;
            }
            soak.settle();
            lastMib = residentMib();
            warmMib = elapsed <= WARM_UP_NANOS ? lastMib : warmMib;
            System.out.printf(
                    Locale.ROOT,
                    "%7d  %11d  %11d  %12.1f%n",
                    TimeUnit.NANOSECONDS.toSeconds(elapsed),
                    soak.finished(),
                    soak.preemptions(),
                    lastMib);
        }
        return lastMib - warmMib;
    }

    private static double residentMib() throws IOException {
        try (Scanner statm = new Scanner(Files.readString(Path.of("/proc/self/statm")))) {
            statm.nextLong(); // of virtual memory
            return statm.nextLong() / PAGES_PER_MIB;
        }
    }
}
