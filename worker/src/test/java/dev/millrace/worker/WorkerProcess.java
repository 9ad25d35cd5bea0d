package dev.millrace.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.LlamaLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * {@link WorkerMain} as a process that ends by itself, on a llama.cpp folder of its own where anything may lie beside
 * the prebuilt libraries.
 */
final class WorkerProcess {
    private static final Path SOURCES = Path.of("src/test/native");

    private final Path home;

    /** What one run said, and how it ended. */
    record Outcome(int exitStatus, String standardOutput, String standardError) {}

    /** With the prebuilt libraries in this empty folder. */
    WorkerProcess(Path home) throws IOException {
        this.home = home;
        try (Stream<Path> files = Files.list(LlamaLibrary.nativeDirectory().resolve("llama"))) {
            for (Path file : files.toList()) {
                Files.copy(file, home.resolve(file.getFileName()));
            }
        }
    }

    /** Lays this in place of the CUDA library. */
    void cudaLibrary(String content) throws IOException {
        Files.writeString(home.resolve("libggml-cuda.so"), content);
    }

    /** Compiles one of the test's C++ sources into a library in the folder. */
    void compile(String source, String library, String... options) throws IOException, InterruptedException {
        String compiler = System.getenv().getOrDefault("CXX", "g++");
        List<String> command = new ArrayList<>(List.of(compiler, "-std=c++17", "-shared", "-fPIC", "-Wall", "-Werror"));
        command.addAll(List.of(
                SOURCES.resolve(source).toString(), "-o", home.resolve(library).toString()));
        command.addAll(List.of(options));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    /** Runs to its end. The driver is looked for in the folder, too. */
    Outcome run(Map<String, String> environment, Object... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dmillrace.native=" + LlamaLibrary.nativeDirectory(),
                "-cp",
                System.getProperty("java.class.path"),
                WorkerMain.class.getName(),
                "--llama-home=" + home));
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        Path error = Files.createTempFile("worker", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(error.toFile());
        builder.environment().put("LD_LIBRARY_PATH", home.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Outcome(process.waitFor(), output, Files.readString(error));
    }
}
