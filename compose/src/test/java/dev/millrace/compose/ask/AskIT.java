package dev.millrace.compose.ask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.broker.EmbeddedBroker;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code make ask} as a person types it, against a worker that answers with the prompt's own text. */
class AskIT {

    /** Everything that make, a shell or Java might take for its own. */
    private static final String AWKWARD =
            "--flag -n 'single' \"double\" `tick` $HOME $$ ${x} $(shell echo no) $(value y)"
                    + " \\ \\\\ \\n # not a comment % ! * ? ~ ; & | < > = := é 你好 🎉\tand\nlines\n\n\\";

    @TempDir
    static Path directory;

    private static EmbeddedBroker broker;
    private static EchoWorker worker;

    @BeforeAll
    static void startStack() {
        broker = EmbeddedBroker.start(directory, 0);
        worker = new EchoWorker(broker.address());
    }

    @AfterAll
    static void stopStack() throws InterruptedException {
        worker.stop();
        broker.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {AWKWARD, "  blanks before and behind  ", "\n\tline first", "PROMPT=twice", "-", "-v", "\\", "$"})
    void everyCharacterGivenToMakeComesBack(String prompt) throws Exception {
        Asked asked = ask(Map.of(), "PROMPT=" + prompt);

        assertThat(asked.text()).isEqualTo(prompt);
        assertThat(asked.status()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {AWKWARD, "  blanks before and behind  ", "\n\tline first", "-", "$"})
    void everyCharacterOfTheEnvironmentComesBack(String prompt) throws Exception {
        Asked asked = ask(Map.of("PROMPT", prompt));

        assertThat(asked.text()).isEqualTo(prompt);
        assertThat(asked.status()).isZero();
    }

    @Test
    void theLocaleMakesNoDifference() throws Exception {
        Asked asked = ask(Map.of("LC_ALL", "C"), "PROMPT=你好, señor 🎉");

        assertThat(asked.text()).isEqualTo("你好, señor 🎉");
    }

    @Test
    void aLongPromptFits() throws Exception {
        String prompt = "quote ' and \\ and $ ".repeat(5_000);

        assertThat(ask(Map.of(), "PROMPT=" + prompt).text()).isEqualTo(prompt);
    }

    @Test
    void sumsUpOnStandardError() throws Exception {
        assertThat(ask(Map.of(), "PROMPT=hello").remarks())
                .containsPattern("\\[3 tokens, first after \\d+ ms, [0-9.]+ tokens/s; stop]");
    }

    @Test
    void anErrorIsSaidInWords() throws Exception {
        Asked asked = ask(Map.of(), "PROMPT=" + EchoWorker.REFUSE);

        assertThat(asked.status()).isNotZero();
        assertThat(asked.text()).isEmpty();
        assertThat(asked.remarks()).contains("ask: invalid_prompt: It asks for it");
    }

    @Test
    void aBadNumberIsSaidInOneLine() throws Exception {
        Asked asked = ask(Map.of(), "PROMPT=hello", "TEMPERATURE=warm");

        assertThat(asked.status()).isNotZero();
        assertThat(asked.remarks()).startsWith("ask: TEMPERATURE must be a number, as in 0.7, not 'warm'\n");
    }

    @Test
    void nothingToAskIsSaidInOneLine() throws Exception {
        assertThat(ask(Map.of()).remarks()).startsWith("ask: there is nothing to ask");
    }

    @Test
    void aBrokerThatIsNotThereIsSaidInOneLine() throws Exception {
        Asked asked = ask(Map.of(), "PROMPT=hello", "KAFKA_PORT=1");

        assertThat(asked.status()).isNotZero();
        assertThat(asked.remarks()).startsWith("ask: no broker on 127.0.0.1:1 ").doesNotContain("\tat ");
    }

    private record Asked(String text, String remarks, int status) {}

    private static Asked ask(Map<String, String> environment, String... variables)
            throws IOException, InterruptedException {
        ProcessBuilder make = new ProcessBuilder("make", "ask").directory(new File("..").getCanonicalFile());
        make.command().addAll(List.of(variables));
        make.environment().put("KAFKA_PORT", String.valueOf(broker.port()));
        make.environment().putAll(environment);
        Path text = Files.createTempFile(directory, "text", null);
        Path remarks = Files.createTempFile(directory, "remarks", null);
        Process process = make.redirectOutput(text.toFile())
                .redirectError(remarks.toFile())
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Asked(
                Files.readString(text, StandardCharsets.UTF_8),
                Files.readString(remarks, StandardCharsets.UTF_8),
                process.exitValue());
    }
}
