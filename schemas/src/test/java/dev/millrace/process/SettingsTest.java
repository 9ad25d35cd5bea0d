package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    private Path folder;

    @Test
    void theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
        String file = file("in-all=file\nin-two=file\nin-one=file\n");
        Map<String, String> environment = Map.of("IN_ALL", "environment", "IN_TWO", "environment");
        Settings settings = new Settings(List.of("--config", file, "--in-all", "command line"), environment);

        assertThat(settings.text("in-all", "default", "")).isEqualTo("command line");
        assertThat(settings.text("in-two", "default", "")).isEqualTo("environment");
        assertThat(settings.text("in-one", "default", "")).isEqualTo("file");
        assertThat(settings.text("in-none", "default", "")).isEqualTo("default");
        assertThatCode(settings::check).doesNotThrowAnyException();
    }

    @Test
    void theFileMayBeNamedByTheEnvironment() throws IOException {
        Settings settings = new Settings(List.of(), Map.of("CONFIG", file("name=from the file")));

        assertThat(settings.text("name", "default", "")).isEqualTo("from the file");
    }

    @Test
    void readsEveryType() {
        Settings settings = settings(
                "--number=7",
                "--listen",
                "0",
                "--folder=/tmp/x",
                "--wait",
                "90s",
                "--names",
                "a, b,,c",
                "--on",
                "--off=false");

        assertThat(settings.integer("number", 1, 1, 9, "")).isEqualTo(7);
        assertThat(settings.port("listen", 8080, "")).isZero();
        assertThat(settings.path("folder", Path.of("."), "")).isEqualTo(Path.of("/tmp/x"));
        assertThat(settings.duration("wait", Duration.ZERO, "")).isEqualTo(Duration.ofSeconds(90));
        assertThat(settings.list("names", List.of(), "")).containsExactly("a", "b", "c");
        assertThat(settings.flag("on", "")).isTrue();
        assertThat(settings.flag("off", "")).isFalse();
        assertThat(settings.flag("absent", "")).isFalse();
        assertThat(settings.optional("nothing", "")).isNull();
        assertThat(settings.optionalPath("nowhere", "")).isNull();
        assertThatCode(settings::check).doesNotThrowAnyException();
    }

    @Test
    void readsEveryUnitOfTime() {
        Settings settings = settings("--a=5ms", "--b=5s", "--c=5m", "--d=5h", "--e=5d");

        assertThat(List.of("a", "b", "c", "d", "e").stream().map(name -> settings.duration(name, Duration.ZERO, "")))
                .containsExactly(
                        Duration.ofMillis(5),
                        Duration.ofSeconds(5),
                        Duration.ofMinutes(5),
                        Duration.ofHours(5),
                        Duration.ofDays(5));
    }

    @Test
    void reportsEverythingThatIsWrongAtOnce() {
        Settings settings = settings("--number=12", "--wait", "soon", "--listen", "--kafka-prot", "x", "stray");
        settings.integer("number", 1, 1, 9, "");
        settings.duration("wait", Duration.ZERO, "");
        settings.port("listen", 1, "");
        settings.required("model", "");
        settings.requiredPath("weights", "");

        ConfigurationException thrown = catchThrowableOfType(ConfigurationException.class, settings::check);

        assertThat(thrown.problems())
                .containsExactlyInAnyOrder(
                        "Argument 7 is not understood: options begin with --, as in --name value",
                        "number must be a whole number from 1 to 9, not '12' (command line)",
                        "wait must be a number with a unit, as in 500ms, 30s, 5m, 2h or 7d, not 'soon' (command line)",
                        "listen needs a value: it must be a whole number from 0 to 65535",
                        "model is required: --model or MODEL",
                        "weights is required: --weights or WEIGHTS",
                        "--kafka-prot is no option",
                        "The options are --config, --number, --wait, --listen, --model, --weights");
        assertThat(thrown).hasMessageContainingAll(thrown.problems().toArray(String[]::new));
    }

    @Test
    void answersWithTheFallbackWhereAValueIsBad() {
        Settings settings = settings("--number=12", "--on=perhaps");

        assertThat(settings.integer("number", 3, 1, 9, "")).isEqualTo(3);
        assertThat(settings.flag("on", "")).isFalse();
        assertThatThrownBy(settings::check).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void aRequiredTextMustNotBeBlank() {
        Settings settings = settings("--model= ");
        settings.required("model", "");

        assertThatThrownBy(settings::check).hasMessageContaining("model must be a text that is not blank");
    }

    @Test
    void aFileThatCannotBeReadIsReported() {
        Settings settings = settings("--config", folder.resolve("absent").toString());

        assertThatThrownBy(settings::check).hasMessageContaining("absent").hasMessageContaining("cannot be read");
    }

    @Test
    void handsOnEverythingUnderAPrefixUntouched() throws IOException {
        String file = file("kafka.bootstrap.servers=file:1\nkafka.acks=all\nother=x\n");
        Map<String, String> environment =
                Map.of("KAFKA_BOOTSTRAP_SERVERS", "environment:1", "KAFKA_PORT", "9092", "KAFKAESQUE", "yes");
        Settings settings = new Settings(
                List.of("--config", file, "--kafka.max.poll.records=5", "--kafka.client.id", "--x"), environment);
        settings.port("kafka-port", 0, "");
        settings.flag("x", "");

        Map<String, String> kafka = settings.prefixed("kafka.", "Properties of the Kafka clients");

        assertThat(kafka)
                .containsOnly(
                        Map.entry("bootstrap.servers", "environment:1"),
                        Map.entry("acks", "all"),
                        Map.entry("max.poll.records", "5"));
        assertThatThrownBy(settings::check).hasMessage("kafka.client.id needs a value");
    }

    @Test
    void describesWhatIsInEffectWithoutSecrets() {
        Settings settings = settings("--api-key=sesame1", "--kafka.sasl.jaas.config=sesame2", "--max-new-tokens=512");
        settings.text("api-key", "", "");
        settings.text("host", "127.0.0.1", "");
        settings.integer("max-new-tokens", 1, 1, 1000, "");
        settings.prefixed("kafka.", "");

        assertThat(settings.describe().lines())
                .containsExactly(
                        "config = none (default)",
                        "api-key = … (command line)",
                        "host = 127.0.0.1 (default)",
                        "max-new-tokens = 512 (command line)",
                        "kafka.sasl.jaas.config = … (command line)");
    }

    @Test
    void aUrlIsShownWithoutItsPassword() {
        Settings settings =
                settings("--registry-url=https://me:sesame@host:1/path", "--other-url=ftp://me:sesame@host");

        URI url = settings.optionalUrl("registry-url", "");
        settings.optionalUrl("other-url", "");

        assertThat(url).hasUserInfo("me:sesame");
        assertThat(settings.optionalUrl("absent-url", "")).isNull();
        assertThat(settings.describe()).contains("https://…@host:1/path").doesNotContain("sesame");
        assertThatThrownBy(settings::check)
                .hasMessageContaining("other-url must be an http or https URL")
                .hasMessageNotContaining("sesame");
    }

    @Test
    void aComplaintDoesNotTellASecret() {
        Settings settings = settings("--token-port=sesame");
        settings.port("token-port", 1, "");

        assertThatThrownBy(settings::check).hasMessageContaining("token-port").hasMessageNotContaining("sesame");
    }

    @Test
    void printsHelpFromWhatWasAskedFor() {
        Settings settings = settings("--help");
        settings.integer("slots", 4, 1, 64, "Completions that run at once");
        settings.duration("grace", Duration.ofSeconds(30), "How long an abandoned stream goes on");

        assertThat(settings.helpWanted()).isTrue();
        assertThat(settings.help())
                .contains(
                        "--slots NUMBER", "Completions that run at once (4)", "--grace DURATION", "(30s)", "--config");
        assertThat(settings().helpWanted()).isFalse();
    }

    private static Settings settings(String... commandLine) {
        return new Settings(List.of(commandLine), Map.of());
    }

    private String file(String content) throws IOException {
        return Files.writeString(folder.resolve("settings.properties"), content).toString();
    }
}
