package dev.millrace.compose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code make run} as a person uses it. */
@Timeout(120)
class EmbeddedIT {

    private static final File PROJECT = new File("..").getAbsoluteFile();
    private static final byte GGML_TYPE_Q8_0 = 8;
    private static final Path DEMO_MODEL = Path.of("../worker/demo-model/millrace-demo-f16.gguf");

    @TempDir
    Path directory;

    /** Make and what it started; standard output and error go to files. */
    private record Run(Process make, Path output, Path remarks) implements AutoCloseable {

        String text() throws IOException {
            return Files.readString(output);
        }

        String said() throws IOException {
            return Files.readString(remarks);
        }

        String kafkaPort() throws IOException {
            return text().replaceAll("(?s).* kafka 127\\.0\\.0\\.1:(\\d+) .*", "$1");
        }

        URI page() throws IOException {
            return URI.create(text().replaceAll("(?s)ready (\\S+) .*", "$1"));
        }

        void awaitReady() {
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> text().endsWith("\n") || !make.isAlive());
        }

        /** The JVM, whether make has put a shell around it or not. */
        ProcessHandle java() {
            return make.descendants()
                    .filter(child -> child.info().command().orElse("").endsWith("java"))
                    .findFirst()
                    .orElseThrow();
        }

        int exitStatus(int seconds) throws InterruptedException {
            assertThat(make.waitFor(seconds, TimeUnit.SECONDS))
                    .as("ended in time")
                    .isTrue();
            return make.exitValue();
        }

        @Override
        public void close() {
            make.descendants().forEach(ProcessHandle::destroyForcibly);
            make.destroyForcibly();
        }
    }

    /** BUILT= : this build is not to start another one inside itself. */
    private Run make(Map<String, String> environment, String... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("make", "BUILT=").directory(PROJECT);
        builder.command().addAll(List.of(arguments));
        builder.environment().putAll(environment);
        Path output = Files.createTempFile(directory, "output", null);
        Path remarks = Files.createTempFile(directory, "remarks", null);
        return new Run(
                builder.redirectOutput(output.toFile())
                        .redirectError(remarks.toFile())
                        .start(),
                output,
                remarks);
    }

    private Run makeRun(String... arguments) throws IOException {
        return make(
                Map.of(
                        "KAFKA_PORT",
                        "0",
                        "HTTP_PORT",
                        "0",
                        "DATA_DIR",
                        directory.resolve("data").toString()),
                arguments);
    }

    @Test
    void saysOneLineWhenReadyAndAnswers() throws Exception {
        try (Run run = makeRun("run")) {
            run.awaitReady();
            assertThat(run.text())
                    .matches("ready http://127\\.0\\.0\\.1:\\d+ kafka 127\\.0\\.0\\.1:\\d+ model millrace-demo\n");

            try (Run ask = make(Map.of("KAFKA_PORT", run.kafkaPort()), "ask", "PROMPT=What is Kafka?")) {
                assertThat(ask.exitStatus(30)).as(ask.said()).isZero();
                assertThat(ask.text()).isNotEmpty();
                assertThat(ask.said()).contains("tokens/s");
            }
        }
    }

    @Test
    void servesTheChatPage() throws Exception {
        try (Run run = makeRun("run")) {
            run.awaitReady();

            HttpResponse<String> page = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(run.page()).build(), BodyHandlers.ofString());

            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.body()).contains("<chat-page>");
        }
    }

    @Test
    void listsTheModelOfItsWorker() throws Exception {
        try (Run run = makeRun("run")) {
            run.awaitReady();
            URI models = run.page().resolve("/v1/models");

            Awaitility.await()
                    .untilAsserted(() -> assertThat(HttpClient.newHttpClient()
                                    .send(HttpRequest.newBuilder(models).build(), BodyHandlers.ofString())
                                    .body())
                            .contains("\"id\":\"millrace-demo\"", "\"max_model_len\":4096"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sigtermEndsItWithinFiveSecondsAndItsDataIsKept(boolean toMake) throws Exception {
        try (Run run = makeRun("run")) {
            run.awaitReady();
            ProcessHandle java = run.java();

            (toMake ? run.make().toHandle() : java).destroy();

            java.onExit().get(5, TimeUnit.SECONDS);
            assertThat(run.exitStatus(1)).isNotNegative();
        }
        assertThat(directory.resolve("data/kafka/.kafka_cleanshutdown")).exists();
        assertThat(directory.resolve("data/kafka/prompts-0")).isDirectory();
        try (Run again = makeRun("run")) {
            again.awaitReady();
            assertThat(again.text()).startsWith("ready http://");
        }
    }

    @Test
    void sigtermEndsAStartToo() throws Exception {
        try (Run run = makeRun("run")) {
            Awaitility.await().until(() -> run.said().contains("starting a Kafka broker"));

            run.java().destroy();

            assertThat(run.exitStatus(5)).isNotZero();
            assertThat(run.text()).isEmpty();
            assertThat(run.said()).doesNotContain("\tat ", "Exception");
        }
    }

    @Test
    void saysATakenPortInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            refuses(
                    "port " + taken.getLocalPort() + " of 127.0.0.1 cannot be used",
                    "KAFKA_PORT=" + taken.getLocalPort());
        }
    }

    @Test
    void saysATakenPortOfThePageInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            refuses(
                    "cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": the port is taken",
                    "HTTP_PORT=" + taken.getLocalPort());
        }
    }

    @Test
    void saysAMissingModelInOneLine() throws Exception {
        refuses("no-such-model.gguf", "MODEL=no-such-model.gguf");
    }

    @Test
    void saysADamagedModelInOneLine() throws Exception {
        byte[] whole = Files.readAllBytes(DEMO_MODEL);
        Path damaged = Files.write(directory.resolve("damaged.gguf"), Arrays.copyOf(whole, whole.length / 2));

        refuses("damaged.gguf", "MODEL=" + damaged);
    }

    @Test
    void saysInOneLineThatWeightsAreNotF16() throws Exception {
        byte[] bytes = Files.readAllBytes(DEMO_MODEL);
        String tensor = "output_norm.weight";
        int name = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(tensor);
        // The type stands behind the name, the number of dimensions and the one dimension.
        bytes[name + tensor.length() + Integer.BYTES + Long.BYTES] = GGML_TYPE_Q8_0;
        Path quantised = Files.write(directory.resolve("quantised.gguf"), bytes);

        refuses("weights are not F16", "MODEL=" + quantised);
    }

    @Test
    void saysAFileThatIsNoModelInOneLine() throws Exception {
        Path text = Files.writeString(directory.resolve("text.gguf"), "no model", StandardCharsets.UTF_8);

        refuses("text.gguf", "MODEL=" + text);
    }

    @Test
    void saysADirectoryThatCannotBeWrittenInOneLine() throws Exception {
        refuses("/proc/data", "DATA_DIR=/proc/data");
    }

    @Test
    void leavesADirectoryAloneThatAnotherOneUses() throws Exception {
        try (Run run = makeRun("run")) {
            run.awaitReady();

            refuses("is in use by another broker", "KAFKA_PORT=0");

            try (Run ask = make(Map.of("KAFKA_PORT", run.kafkaPort()), "ask", "PROMPT=What is Kafka?")) {
                assertThat(ask.exitStatus(30)).as(ask.said()).isZero();
            }
        }
    }

    @Test
    void saysABadNumberInOneLine() throws Exception {
        refuses("kafka-port must be a whole number", "KAFKA_PORT=many");
    }

    /** One line of ours, at the end but for make's own; no stack trace, and nothing on standard output. */
    private void refuses(String complaint, String variable) throws Exception {
        try (Run run = makeRun("run", variable)) {
            assertThat(run.exitStatus(60)).isNotZero();
            assertThat(run.text()).isEmpty();
            assertThat(run.said().lines().filter(line -> line.contains(complaint)))
                    .as(run.said())
                    .hasSize(1);
            assertThat(run.said()).doesNotContain("\tat ", "Exception");
        }
    }
}
