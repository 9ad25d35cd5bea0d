package dev.millrace.compose.containers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.compose.containers.ComposeFile.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The images are what the compose file and the source tree take them for. */
class DockerfileTest {

    private static final Path REPOSITORY = Path.of("..");
    private static final Path FOLDER = Path.of("docker");
    private static final Pattern FROM = Pattern.compile("FROM (\\S+) AS (\\S+)");
    private static final Pattern USER = Pattern.compile("(?m)^USER (\\S+)$");
    private static final Pattern FROM_CONTEXT = Pattern.compile("(?m)^COPY (compose/\\S+) ");
    private static final Pattern MAIN_CLASS = Pattern.compile("(?m)^ENTRYPOINT \\[.*\"(dev\\.millrace\\.[\\w.]+)\"]$");

    /** The text of each stage by its name, with that of the stage that it rests on before it. */
    private static final Map<String, String> STAGES = new HashMap<>();

    @BeforeAll
    static void readStages() throws IOException {
        String current = "";
        for (String line : Files.readAllLines(FOLDER.resolve("Dockerfile"))) {
            Matcher from = FROM.matcher(line);
            if (from.matches()) {
                current = from.group(2);
                STAGES.put(current, STAGES.getOrDefault(from.group(1), ""));
            } else {
                STAGES.merge(current, line + "\n", String::concat);
            }
        }
    }

    static List<Service> processes() {
        return ComposeFile.read().processes();
    }

    private static String stageOf(Service service) {
        return STAGES.getOrDefault(service.text("/build/target"), "");
    }

    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("processes")
    void theImageRunsAsTheUserOfItsService(Service service) {
        assertThat(REPOSITORY.resolve(service.text("/build/dockerfile"))).isRegularFile();
        assertThat(all(USER, stageOf(service))).containsExactly(service.text("/user"));
    }

    @ParameterizedTest
    @MethodSource("processes")
    void theImageStartsAClassThatExists(Service service) throws Exception {
        List<String> mains = all(MAIN_CLASS, stageOf(service));

        assertThat(mains).hasSize(1);
        assertThat(Class.forName(mains.get(0)).getMethod("main", String[].class))
                .isNotNull();
    }

    @ParameterizedTest
    @MethodSource("processes")
    void theImageHasItsHealthCheck(Service service) {
        assertThat(service.list("/healthcheck/test")).containsExactly("CMD", "ready");
        assertThat(stageOf(service)).contains("\nCOPY compose/docker/ready /usr/local/bin/\n");
        assertThat(FOLDER.resolve("ready")).isExecutable();
    }

    @Test
    void whatIsCopiedFromTheRepositoryIsThere() {
        List<String> copied = STAGES.values().stream()
                .flatMap(stage -> all(FROM_CONTEXT, stage).stream())
                .toList();

        assertThat(copied)
                .isNotEmpty()
                .allSatisfy(path -> assertThat(REPOSITORY.resolve(path)).exists());
    }

    @Test
    void llamaCppIsOfTheSameReleaseInEveryImage() throws IOException {
        JsonNode cpu = dependencies(REPOSITORY.resolve("worker/src/main/native/npm"));
        JsonNode cuda = dependencies(FOLDER.resolve("llama-cuda"));

        assertThat(cuda.path("@node-llama-cpp/linux-x64-cuda").asText())
                .isNotEmpty()
                .isEqualTo(cpu.path("node-llama-cpp").asText())
                .isEqualTo(cpu.path("@node-llama-cpp/linux-x64").asText());
    }

    private static JsonNode dependencies(Path folder) throws IOException {
        return new ObjectMapper()
                .readTree(folder.resolve("package.json").toFile())
                .path("dependencies");
    }
}
