package dev.millrace.compose.containers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.compose.containers.ComposeFile.Service;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every service owes to the machine that it runs on. */
class ComposeFileTest {

    private static final ComposeFile COMPOSE = ComposeFile.read();

    static List<Service> services() {
        return COMPOSE.services();
    }

    static List<Service> processes() {
        return COMPOSE.processes();
    }

    static List<Service> workers() {
        return COMPOSE.workers();
    }

    @Test
    void thePathIsThereInBothForms() {
        assertThat(COMPOSE.services())
                .extracting(Service::name)
                .contains("kafka", "gateway", "prometheus", "worker", "worker-gpu-0");
        assertThat(COMPOSE.service("worker").list("/profiles")).containsExactly("cpu");
        assertThat(COMPOSE.service("worker-gpu-0").list("/profiles")).containsExactly("gpu");
    }

    @ParameterizedTest
    @MethodSource("services")
    void isNotRootAndCannotBecomeIt(Service service) {
        assertThat(service.text("/user")).isNotEmpty().doesNotMatch("(root|0)(:.*)?");
        assertThat(service.list("/cap_drop")).containsExactly("ALL");
        assertThat(service.list("/security_opt")).contains("no-new-privileges:true");
        assertThat(service.json().has("privileged")).isFalse();
    }

    @ParameterizedTest
    @MethodSource("services")
    void isReachedFromThisMachineOnly(Service service) {
        assertThat(service.list("/ports")).allMatch(port -> port.startsWith("127.0.0.1:"));
        assertThat(service.json().has("network_mode")).isFalse();
    }

    @ParameterizedTest
    @MethodSource("services")
    void writesToVolumesAndMemoryOnly(Service service) {
        // The broker's image writes its configuration beside its programs when it starts.
        assertThat(service.json().path("read_only").asBoolean())
                .isEqualTo(!service.name().equals("kafka"));
    }

    /** Docker's own default is noexec: zstd could not be loaded, and so no prompt could be sent. */
    @ParameterizedTest
    @MethodSource("processes")
    void mayRunTheNativeLibrariesThatItUnpacks(Service process) {
        assertThat(process.list("/tmpfs")).containsExactly("/tmp:exec,mode=1777,size=64m");
    }

    @ParameterizedTest
    @MethodSource("services")
    void isWatchedAndBounded(Service service) {
        assertThat(service.list("/healthcheck/test")).hasSizeGreaterThan(1);
        assertThat(service.text("/healthcheck/start_period")).isNotEmpty();
        assertThat(service.text("/restart")).isEqualTo("unless-stopped");
        assertThat(service.text("/stop_grace_period")).isNotEmpty();
        assertThat(service.text("/deploy/resources/limits/memory")).matches("\\d+g");
        assertThat(service.json().at("/deploy/resources/limits/pids").asInt()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("processes")
    void waitsForAHealthyBroker(Service process) {
        assertThat(process.text("/depends_on/kafka/condition")).isEqualTo("service_healthy");
    }

    @ParameterizedTest
    @MethodSource("services")
    void mountsFilesThatAreThereAndCannotChangeThem(Service service) {
        for (JsonNode volume : service.json().path("volumes")) {
            if (volume.path("type").asText().equals("bind")) {
                assertThat(volume.path("read_only").asBoolean()).isTrue();
                assertThat(Path.of(volume.path("source").asText())).exists();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("workers")
    void findsTheModelInTheMountedDirectory(Service worker) {
        JsonNode models = worker.json().at("/volumes/0");
        String model = worker.environment().getOrDefault("MODEL", "");
        String target = models.path("target").asText();

        assertThat(model).startsWith(target + "/");
        assertThat(Path.of(models.path("source").asText()).resolve(model.substring(target.length() + 1)))
                .satisfies(file -> assertThat(Files.isRegularFile(file)).isTrue());
    }

    @Test
    void eachGpuBelongsToOneWorker() {
        List<String> gpus = COMPOSE.services().stream()
                .flatMap(service -> service.gpus().stream())
                .toList();

        assertThat(gpus).doesNotHaveDuplicates().contains("0", "1");
        for (Service worker : COMPOSE.workers()) {
            boolean onGpu = worker.list("/profiles").contains("gpu");
            assertThat(worker.gpus()).as(worker.name()).hasSize(onGpu ? 1 : 0);
            // Inside its container the one GPU has the number 0.
            assertThat(worker.environment()).as(worker.name()).containsEntry("DEVICES", onGpu ? "0" : "cpu");
        }
    }
}
