package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.millrace.compose.JavaProcess;
import dev.millrace.gateway.Gateway;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chat clients that others wrote, unchanged: curl, openai-java, and from npm openai and LangChain. */
@Timeout(180)
class HttpClientsIT {
    private static final String MODEL = "millrace-demo";
    private static final String QUESTION = "Write a short story about a robot learning to paint.";
    private static final Pattern SHELL_BLOCK = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
    private static final Path SOURCES = Path.of("src/test/clients");
    private static final Path INSTALLED = Path.of("target/clients").toAbsolutePath();
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Vertx VERTX = Vertx.vertx();
    private static JavaProcess worker;
    private static Gateway gateway;
    private static OpenAIClient openai;

    @BeforeAll
    static void start() throws Exception {
        Installation installation = Installation.create(HttpClientsIT.class);
        worker = installation.startWorker();
        gateway = installation.startGateway(VERTX, "--disconnect-grace=1ms", "--models=" + MODEL);
        openai = OpenAIOkHttpClient.builder()
                .baseUrl(address() + "/v1")
                .apiKey("none")
                .maxRetries(0)
                .build();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> !openai.models().list().data().isEmpty());
    }

    @AfterAll
    static void stop() throws Exception {
        openai.close();
        gateway.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        VERTX.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        worker.close();
    }

    private static String address() {
        return "http://127.0.0.1:" + gateway.httpPort();
    }

    @Test
    void curlAsksAndReadsTheAnswer() throws Exception {
        JsonNode whole = JSON.readTree(bash(example("curl -s http")));
        String stream = bash(example("curl -sN http"));

        assertThat(whole.at("/choices/0/message/content").asText()).hasSizeGreaterThan(50);
        assertThat(stream).startsWith("data: {").endsWith("data: [DONE]\n\n");
    }

    @Test
    void openaiJavaStreamsWhatItGetsWhole() {
        ChatCompletion whole = openai.chat().completions().create(asked(MODEL).build());
        List<ChatCompletionChunk> chunks;
        try (StreamResponse<ChatCompletionChunk> stream =
                openai.chat().completions().createStreaming(asked(MODEL).build())) {
            chunks = stream.stream().toList();
        }

        String streamed = chunks.stream()
                .flatMap(chunk -> chunk.choices().stream())
                .map(choice -> choice.delta().content().orElse(""))
                .collect(Collectors.joining());
        assertThat(whole.validate().choices().get(0).message().content()).hasValue(streamed);
        assertThat(streamed).hasSizeGreaterThan(50);
        assertThat(chunks).allSatisfy(ChatCompletionChunk::validate);
        assertThat(openai.models().list().data())
                .extracting(model -> model.id())
                .containsExactly(MODEL);
    }

    @Test
    void openaiJavaIsToldWhatIsWrong() {
        assertThatThrownBy(
                        () -> openai.chat().completions().create(asked("gpt-5").build()))
                .isInstanceOfSatisfying(
                        NotFoundException.class,
                        failure -> assertThat(failure.code()).hasValue("model_not_found"));
        assertThatThrownBy(() -> openai.chat()
                        .completions()
                        .createStreaming(asked(MODEL).temperature(3).build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class,
                        failure -> assertThat(failure.param()).hasValue("temperature"));
    }

    private static ChatCompletionCreateParams.Builder asked(String model) {
        return ChatCompletionCreateParams.builder()
                .model(model)
                .addUserMessage(QUESTION)
                .temperature(0)
                .maxCompletionTokens(64);
    }

    @Test
    void theClientsFromNpmKeepTheirContracts() throws Exception {
        Files.createDirectories(INSTALLED);
        List<String> tests = List.of("clients.test.mjs", "sockets.test.mjs");
        for (String name : List.of("package.json", "package-lock.json", ".npmrc", tests.get(0), tests.get(1))) {
            Files.write(INSTALLED.resolve(name), Files.readAllBytes(SOURCES.resolve(name)));
        }
        run(INSTALLED, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");

        for (String test : tests) {
            String said = run(INSTALLED, "node", "--test", "--test-reporter=spec", test);

            assertThat(said).contains("fail 0").doesNotContain("pass 0");
        }
    }

    /** The one command of the README that has this. */
    private static String example(String contained) throws IOException {
        List<String> found = SHELL_BLOCK
                .matcher(Files.readString(Path.of("../README.md")))
                .results()
                .map((MatchResult block) -> block.group(1))
                .filter(block -> block.contains(contained))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0).replace("http://127.0.0.1:8080", address());
    }

    private static String bash(String command) throws Exception {
        return run(Path.of("."), "bash", "-c", command);
    }

    private static String run(Path folder, String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("MILLRACE_URL", address());
        builder.environment().put("MILLRACE_OPERATIONS", "http://127.0.0.1:" + gateway.operationsPort());
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
