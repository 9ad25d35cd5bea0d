package dev.millrace.worker.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Broker, worker and gateway in a process of their own, as {@code make run} starts them. Owned by the driver's thread. */
final class MillraceStack implements AutoCloseable {
    private static final String LAUNCHER = "../compose/src/main/scripts/java";

    private final Process process;
    private final Path data;
    private final URI address;

    private MillraceStack(Process process, Path data, URI address) {
        this.process = process;
        this.data = data;
        this.address = address;
    }

    /** Returns when it takes prompts. */
    static MillraceStack start(Setting setting) throws IOException {
        Path data = Files.createTempDirectory(Path.of("target"), "end-to-end").toAbsolutePath();
        ProcessBuilder builder = new ProcessBuilder(LAUNCHER, "dev.millrace.compose.Embedded")
                .redirectError(data.resolve("log").toFile());
        builder.environment()
                .putAll(Map.of(
                        "HTTP_PORT", "0",
                        "KAFKA_PORT", "0",
                        "DATA_DIR", data.toString(),
                        "MODEL", setting.model().toString(),
                        "SLOTS", Integer.toString(setting.sequences()),
                        "KV_CELLS", Integer.toString(setting.kvCells()),
                        "MAX_MODEL_LEN", Integer.toString(setting.kvCells() / setting.sequences()),
                        "THREADS", Integer.toString(setting.threads())));
        builder.environment().remove("MODELS"); // the benchmark's, and a setting of gateways
        Process process = builder.start();
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        String ready = lines.readLine();
        if (ready == null) {
            throw new IOException("Millrace did not start: " + Files.readString(data.resolve("log")));
        }
        return new MillraceStack(process, data, URI.create(ready.replaceFirst("ready (\\S+) .*", "$1")));
    }

    URI address() {
        return address;
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        process.onExit().join();
        List<Path> files;
        try (Stream<Path> all = Files.walk(data)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
