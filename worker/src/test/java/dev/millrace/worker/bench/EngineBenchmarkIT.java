package dev.millrace.worker.bench;

import static java.lang.Character.UnicodeScript.COMMON;
import static java.lang.Character.UnicodeScript.LATIN;
import static java.lang.Character.UnicodeScript.THAI;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import dev.millrace.worker.llama.LoadProgress;
import dev.millrace.worker.llama.Vocabulary;
import io.vertx.core.json.JsonObject;
import java.lang.Character.UnicodeScript;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineBenchmarkIT {
    private static final Path DEMO =
            Path.of("demo-model", "millrace-demo-f16.gguf").toAbsolutePath();
    private static final GeneratedModel.Shape TINY = new GeneratedModel.Shape(1000, 64, 96, 2, 4, 2, 32);
    private static final int FIRST_WORD = 257;
    private static final Set<Sampling> ALL = EnumSet.allOf(Sampling.class);
    private static final String NUMBER = " [0-9]+\\.[0-9]{3}";

    @TempDir
    private Path folder;

    @Test
    void measuresEveryRatioAndWritesTheReport() throws Exception {
        Parameters parameters =
                new Parameters(List.of("demo"), List.of(1, 4), 1, 8, 1, null, folder, 0, new Device.Cpu(), ALL);

        List<String> lines =
                EngineBenchmark.run(parameters).stream().map(Ratio::line).toList();

        assertThat(lines).hasSize(6).allMatch(line -> line.matches("RATIO \\S+ \\S+ \\S+ [0-9]+" + NUMBER.repeat(3)));
        assertThat(lines.stream().map(line -> line.replaceFirst("( [0-9.]+){3}$", "")))
                .containsExactly(
                        "RATIO bare demo greedy 1",
                        "RATIO greedy demo sampled 1",
                        "RATIO sampled demo masked 1",
                        "RATIO bare demo greedy 4",
                        "RATIO greedy demo sampled 4",
                        "RATIO sampled demo masked 4");
        assertThat(Files.readString(folder.resolve("engine.md"))).contains("| `bare` | demo | greedy | 4 |");
        assertThat(new JsonObject(Files.readString(folder.resolve("engine.json"))).getJsonArray("samples"))
                .hasSize(10);
        assertThat(DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(folder.resolve("engine.svg").toFile())
                        .getElementsByTagName("circle")
                        .getLength())
                .isEqualTo(9);
    }

    @Test
    void measuresOnlyTheSamplingsThatItIsTold() throws Exception {
        Parameters parameters = Parameters.from(Map.of(
                "MODELS",
                "demo",
                "SEQUENCES",
                "2",
                "ROUNDS",
                "1",
                "TOKENS",
                "2",
                "SAMPLINGS",
                "masked, sampled",
                "REPORTS",
                folder.toString()));

        List<Ratio> ratios = EngineBenchmark.run(parameters);

        assertThat(ratios)
                .singleElement()
                .satisfies(ratio -> assertThat(ratio.line()).startsWith("RATIO sampled demo masked 2 "));
        assertThat(new JsonObject(Files.readString(folder.resolve("engine.json"))).getJsonArray("samples"))
                .extracting(sample -> ((JsonObject) sample).getString("sampling"))
                .containsExactlyInAnyOrder("sampled", "masked");
    }

    @Test
    void theMaskKeepsForeignScriptsOut() throws Exception {
        Path file = GeneratedModel.write(folder.resolve("tiny.gguf"), TINY);
        Setting setting = Setting.of(file, new Device.Cpu(), 4, 24, 1);
        try (LlamaModel model = LlamaModel.open(EngineProcess.library(), file, new Device.Cpu(), LoadProgress.SILENT);
                Peer engine = LineProcess.engine(setting, true)) {
            Predicate<Integer> foreign = id -> isForeign(model.vocabulary(), id);

            List<Integer> sampled = engine.generate(Load.random(7, Sampling.SAMPLED, 24, 4, 900))
                    .ids();
            List<Integer> masked =
                    engine.generate(Load.random(8, Sampling.MASKED, 24, 4, 900)).ids();

            assertThat(sampled).hasSize(96).anyMatch(foreign);
            assertThat(masked).hasSize(96).noneMatch(foreign);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 64})
    void theBareLoopGeneratesTheTokensOfTheEngine(int sequences) throws Exception {
        LlamaLibrary library = EngineProcess.library();
        Path program = EngineBenchmark.buildBareLoop(library);
        Setting setting = Setting.of(DEMO, new Device.Cpu(), sequences, 24, 1);
        Load load = Load.random(7, Sampling.GREEDY, 24, sequences, 2000);
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
        Path file = GeneratedModel.write(folder.resolve("tiny.gguf"), TINY);

        try (LlamaModel model = LlamaModel.open(EngineProcess.library(), file, new Device.Cpu(), LoadProgress.SILENT)) {

            assertThat(model.file().architecture()).isEqualTo("qwen3");
            assertThat(model.file().isF16()).isTrue();
            assertThat(model.vocabulary().size()).isEqualTo(1000);
            assertThat(model.tokenize(" mré")).hasSize(4).endsWith(0xc3, 0xa9);
            assertThat(model.vocabulary().control("<|im_start|>")).hasValue(998);
            assertThat(model.vocabulary().isEndOfGeneration(999)).isTrue();
            assertThat(IntStream.range(FIRST_WORD, 997).filter(id -> isForeign(model.vocabulary(), id)))
                    .hasSize((997 - FIRST_WORD) * 2 / 5);
        }
    }

    @Test
    void writesAModelAnewThatWasGeneratedOtherwise() throws Exception {
        Path file = folder.resolve("tiny.gguf");
        Files.writeString(file, "GGUF, but of another time");

        GeneratedModel.write(file, TINY);
        Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        GeneratedModel.write(file, TINY);

        assertThat(Files.size(file)).isGreaterThan(100_000);
        assertThat(Files.readAttributes(file, BasicFileAttributes.class).fileKey())
                .isEqualTo(key);
    }

    /** Whether it has letters that Thai is not written with. */
    private static boolean isForeign(Vocabulary vocabulary, int id) {
        return new String(vocabulary.piece(id), UTF_8)
                .codePoints()
                .mapToObj(UnicodeScript::of)
                .anyMatch(script -> !EnumSet.of(COMMON, LATIN, THAI).contains(script));
    }
}
