package dev.millrace.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.WorkerProcess.Outcome;
import dev.millrace.worker.llama.DemoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folder of adapters, as a start and the doctor see it, in processes of their own. */
class AdaptersIT {
    @TempDir
    private Path home;

    @TempDir
    private Path folder;

    private WorkerProcess worker;

    @BeforeEach
    void layPrebuiltLibraries() throws IOException {
        worker = new WorkerProcess(home);
    }

    @Test
    void listsThoseThatPromptsMayName() throws Exception {
        Files.copy(DemoModel.BRIEF, folder.resolve("other.gguf"));
        Files.copy(DemoModel.BRIEF, folder.resolve("brief.gguf"));
        Files.writeString(folder.resolve("notes.txt"), "not an adapter");

        Outcome outcome = run("--doctor");

        assertThat(outcome.exitStatus()).isZero();
        assertThat(outcome.standardOutput())
                .containsPattern("adapter +brief, rank 8, for 28 matrices, 1\\d\\d KiB\nadapter +other, rank 8, ");
    }

    @Test
    void saysThatThereIsNoSuchFolder() throws Exception {
        folder = folder.resolve("absent");

        assertProblem("the folder " + folder + " cannot be read");
    }

    @Test
    void saysWhichFileItCannotUseAndWhy() throws Exception {
        Files.copy(DemoModel.BRIEF, folder.resolve("brief.gguf"));
        Files.copy(DemoModel.FILE, folder.resolve("model.gguf"));

        assertProblem("model.gguf: its general.type is 'model', not 'adapter'");
    }

    @Test
    void doesWithoutAFolder() throws Exception {
        Outcome outcome = worker.run(Map.of(), "--doctor", "--model=" + DemoModel.FILE);

        assertThat(outcome.exitStatus()).isZero();
        assertThat(outcome.standardOutput()).doesNotContain("adapter");
    }

    /** The doctor and an ordinary start end with the same line and the same status. */
    private void assertProblem(String said) throws Exception {
        Outcome doctor = run("--doctor");
        Outcome start = run("--kafka-bootstrap=127.0.0.1:1");

        assertThat(doctor.standardOutput()).contains("problem ", said, "(exit status 19)");
        assertThat(doctor.exitStatus()).isEqualTo(19);
        assertThat(start.exitStatus()).isEqualTo(19);
        assertThat(lastLine(start))
                .startsWith("worker: an adapter cannot be used: ")
                .contains(said);
        assertThat(lastLine(start)).isEqualTo(lastLine(doctor));
    }

    private static String lastLine(Outcome outcome) {
        return outcome.standardError().lines().reduce((before, last) -> last).orElseThrow();
    }

    private Outcome run(String argument) throws Exception {
        return worker.run(Map.of(), argument, "--model=" + DemoModel.FILE, "--adapters=" + folder);
    }
}
