package dev.millrace.compose.containers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Linters of others, from npm: Compose's own schema and rules, and what Docker's builder takes. */
@Timeout(120)
class ContainerLintIT {

    private static final Path SOURCES = Path.of("src/test/lint");
    private static final Path INSTALLED = Path.of("target/lint").toAbsolutePath();
    private static final String DOCKERFILE = "docker/Dockerfile";

    @TempDir
    Path directory;

    @BeforeAll
    static void install() throws Exception {
        Files.createDirectories(INSTALLED);
        for (String name : List.of("package.json", "package-lock.json", ".npmrc")) {
            Files.write(INSTALLED.resolve(name), Files.readAllBytes(SOURCES.resolve(name)));
        }
        Ran npm = run(INSTALLED, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
        assertThat(npm.status()).as(npm.said()).isZero();
    }

    private record Ran(int status, String said) {}

    private static Ran run(Path folder, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return new Ran(process.exitValue(), said);
    }

    private static Ran lintCompose(Path file) throws Exception {
        return run(
                Path.of("."),
                INSTALLED.resolve("node_modules/.bin/dclint").toString(),
                "--max-warnings=0",
                "--config=" + SOURCES.resolve("dclint.yaml"),
                file.toString());
    }

    private static Ran lintDockerfile(Path file) throws Exception {
        return run(
                Path.of("."),
                INSTALLED.resolve("node_modules/.bin/dockerfile-utils").toString(),
                "lint",
                file.toString());
    }

    private Path changed(Path file, String target, String replacement) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(target);
        return Files.writeString(
                directory.resolve(String.valueOf(file.getFileName())), text.replace(target, replacement));
    }

    @Test
    void theComposeFileIsSound() throws Exception {
        Ran ran = lintCompose(ComposeFile.FILE);

        assertThat(ran.status()).as(ran.said()).isZero();
    }

    @Test
    void theDockerfileIsSound() throws Exception {
        Ran ran = lintDockerfile(Path.of(DOCKERFILE));

        assertThat(ran.status()).as(ran.said()).isZero();
        assertThat(ran.said()).isBlank();
    }

    @Test
    void aKeyThatComposeDoesNotKnowIsFound() throws Exception {
        Ran ran = lintCompose(changed(ComposeFile.FILE, "user: nobody", "usr: nobody"));

        assertThat(ran.status()).isNotZero();
        assertThat(ran.said()).contains("invalid-schema");
    }

    @Test
    void anInstructionThatDockerDoesNotKnowIsFound() throws Exception {
        Ran ran = lintDockerfile(changed(Path.of(DOCKERFILE), "\nWORKDIR ", "\nWORKDIRECTORY "));

        assertThat(ran.status()).isNotZero();
        assertThat(ran.said()).contains("WORKDIRECTORY");
    }
}
