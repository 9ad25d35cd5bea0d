package dev.millrace.worker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineBenchmarkIT {
    private static final Path DEMO =
            Path.of("demo-model", "millrace-demo-f16.gguf").toAbsolutePath();
    private static final String NUMBER = " [0-9]+\\.[0-9]{3}";

    @TempDir
    private Path folder;

    @Test
    void measuresEveryRatioAndWritesTheReport() throws Exception {
        Parameters parameters =
                new Parameters(List.of("demo"), List.of(1, 4), 1, 8, 1, null, folder, 0, new Device.Cpu());

        List<String> lines =
                EngineBenchmark.run(parameters).stream().map(Ratio::line).toList();

        assertThat(lines).hasSize(4).allMatch(line -> line.matches("RATIO \\S+ \\S+ \\S+ [0-9]+" + NUMBER.repeat(3)));
        assertThat(lines.stream().map(line -> line.replaceFirst("( [0-9.]+){3}$", "")))
                .containsExactly(
                        "RATIO bare demo greedy 1",
                        "RATIO greedy demo sampled 1",
                        "RATIO bare demo greedy 4",
                        "RATIO greedy demo sampled 4");
        assertThat(Files.readString(folder.resolve("engine.md"))).contains("| `bare` | demo | greedy | 4 |");
        assertThat(new JsonObject(Files.readString(folder.resolve("engine.json"))).getJsonArray("samples"))
                .hasSize(8);
        assertThat(DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(folder.resolve("engine.svg").toFile())
                        .getElementsByTagName("circle")
                        .getLength())
                .isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 64})
    void theBareLoopGeneratesTheTokensOfTheEngine(int sequences) throws Exception {
        LlamaLibrary library = EngineProcess.library();
        Path program = EngineBenchmark.buildBareLoop(library);
        Setting setting = Setting.of(DEMO, new Device.Cpu(), sequences, 24, 1);
        Load load = Load.random(7, false, 24, sequences, 2000);
        try (Peer engine = LineProcess.engine(setting, true);
                Peer bare =
                        LineProcess.bareLoop(setting, program, library.file().resolveSibling(""), true)) {

            List<Integer> generated = engine.generate(load).ids();

            assertThat(generated).hasSize(24 * sequences);
            assertThat(bare.generate(load).ids()).isEqualTo(generated);
        }
    }

    @Test
    void generatesAModelThatLlamaCppOpens() throws Exception {
        Path file =
                GeneratedModel.write(folder.resolve("tiny.gguf"), new GeneratedModel.Shape(1000, 64, 96, 2, 4, 2, 32));

        try (LlamaModel model = LlamaModel.open(EngineProcess.library(), file, new Device.Cpu(), LoadProgress.SILENT)) {

            assertThat(model.file().architecture()).isEqualTo("qwen3");
            assertThat(model.file().isF16()).isTrue();
            assertThat(model.vocabulary().size()).isEqualTo(1000);
            assertThat(model.tokenize(" mré")).hasSize(4).endsWith(0xc3, 0xa9);
            assertThat(model.vocabulary().control("<|im_start|>")).hasValue(998);
            assertThat(model.vocabulary().isEndOfGeneration(999)).isTrue();
        }
    }
}
