package dev.millrace.worker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.Device;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In the form that needs no GPU. */
class GpuBenchmarkIT {
    @TempDir
    private Path folder;

    @Test
    void saysEveryFigureAndWritesTheReport() throws Exception {
        Parameters parameters = new Parameters(
                List.of("demo"),
                List.of(1, 4),
                1,
                8,
                1,
                null,
                folder,
                0,
                new Device.Cpu(),
                EnumSet.allOf(Sampling.class));

        new GpuBenchmark(parameters, List.of(100), 3).run();

        JsonObject json = new JsonObject(Files.readString(folder.resolve("gpu.json")));
        List<String> lines = json.getJsonArray("lines").stream()
                .map(Object::toString)
                .map(line -> line.replaceAll(" [0-9]+\\.[0-9]+", ""))
                .toList();
        assertThat(lines)
                .containsExactly(
                        "RATIO bare demo greedy 1",
                        "RATIO separate demo greedy 1",
                        "RATIO candidates demo greedy 1",
                        "RATIO candidates demo sampled 1",
                        "RATIO greedy demo sampled 1",
                        "RATIO sampled demo masked 1",
                        "RATIO bare demo greedy 4",
                        "RATIO separate demo greedy 4",
                        "RATIO candidates demo greedy 4",
                        "RATIO candidates demo sampled 4",
                        "RATIO greedy demo sampled 4",
                        "RATIO sampled demo masked 4",
                        "EQUAL bare all 4 4",
                        "BANDWIDTH cpu",
                        "SHARE engine demo",
                        "SHARE bare demo",
                        "PREFILL demo 100",
                        "EQUAL batch demo 3 3",
                        "EQUAL continued demo 3 3");
        assertThat(Files.readString(folder.resolve("gpu.md")))
                .contains("| `candidates` | demo | sampled | 4 |", "\nEQUAL continued demo 3 3\n");
    }
}
