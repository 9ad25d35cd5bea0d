package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.compose.JavaProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Debian's kcat asks and reads, by the very commands that the README shows. */
class KcatIT {

    private static final Path README = Path.of("../README.md");
    private static final Pattern SHELL_BLOCK = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Installation installation;
    private static JavaProcess worker;

    @BeforeAll
    static void startWorker() throws IOException {
        installation = Installation.create(KcatIT.class);
        worker = installation.startWorker();
    }

    @AfterAll
    static void stopWorker() throws IOException {
        worker.close();
    }

    @Test
    void asksAndReadsTheAnswer() throws Exception {
        String ask = example("-P -b");
        Expected expected = Expected.all().stream()
                .filter(known -> ask.contains(known.messages().get(0).getContent()))
                .findFirst()
                .orElseThrow();

        run(ask);
        JsonNode completion = awaitCompletion(example("-t completions"));
        List<JsonNode> replies = jsonOf(run(example("-t replies").replace(" -C ", " -C -e ")));

        assertThat(completion.get("conversation").asText()).isEqualTo("c-42");
        assertThat(completion.get("text").asText()).hasSizeGreaterThan(500);
        assertThat(expected.answer()).startsWith(completion.get("text").asText());
        assertThat(textOf(replies)).isEqualTo(completion.get("text").asText());
        assertThat(replies.get(0).at("/body/Claimed/modelId").asText()).startsWith("sha256:");
    }

    @Test
    void isToldWhichFieldIsWrong() throws Exception {
        String ask =
                example("-P -b").replace("\"temperature\"", "\"temprature\"").replace("=q1", "=q2");

        run(ask);
        JsonNode completion = awaitCompletion(example("-t completions").replace("=q1", "=q2"));

        assertThat(completion.at("/error/code").asText()).isEqualTo("invalid_prompt");
        assertThat(completion.at("/error/param").asText()).isEqualTo("sampling.temprature");
    }

    private static String textOf(List<JsonNode> replies) {
        StringBuilder text = new StringBuilder();
        for (JsonNode reply : replies) {
            text.append(reply.at("/body/Tokens/text").asText())
                    .append(reply.at("/body/Finished/text").asText());
        }
        return text.toString();
    }

    private static JsonNode awaitCompletion(String command) {
        return await().atMost(Duration.ofSeconds(90))
                .until(() -> jsonOf(run(command)), found -> !found.isEmpty())
                .get(0);
    }

    /** The one command of the README that contains this. */
    private static String example(String contained) throws IOException {
        Predicate<String> wanted = block -> block.contains("kcat") && block.contains(contained);
        List<String> found = SHELL_BLOCK
                .matcher(Files.readString(README))
                .results()
                .map(MatchResult::group)
                .filter(wanted)
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0)
                .replace("```sh\n", "")
                .replace("```", "")
                .replace("127.0.0.1:9092", installation.bootstrap())
                .replace(" -t ", " -t " + installation.topics().prefix());
    }

    private static String run(String command) throws IOException, InterruptedException {
        Process shell = new ProcessBuilder("bash", "-c", command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = shell.waitFor();
        assertThat(status).as("status of %s (is kcat installed?)", command).isLessThan(2); // grep's 1: nothing yet
        return output;
    }

    /** Each line is the headers, a blank and the value. */
    private static List<JsonNode> jsonOf(String lines) {
        return lines.lines()
                .map(line -> line.substring(line.indexOf(" {") + 1))
                .map(KcatIT::parse)
                .toList();
    }

    private static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new AssertionError(json, e);
        }
    }
}
