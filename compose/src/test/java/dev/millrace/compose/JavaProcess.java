package dev.millrace.compose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One of the main classes in a process of its own, on the class path that {@code make run} uses. Owned by the test's
 * thread; a thread of its own reads standard output.
 */
public final class JavaProcess implements AutoCloseable {

    private static final long PATIENCE_S = 60;
    private static final Path LAUNCHER = Path.of("src/main/scripts/java").toAbsolutePath();

    private final Process process;
    private final Path standardError;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private JavaProcess(Process process, Path standardError) {
        this.process = process;
        this.standardError = standardError;
        Thread reader = new Thread(this::readLines, "lines-of-" + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    public static JavaProcess start(Class<?> main, Map<String, String> environment, Object... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(LAUNCHER.toString(), main.getName()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Path standardError = Files.createTempFile("millrace-" + main.getSimpleName(), ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(standardError.toFile());
        builder.environment().putAll(environment);
        return new JavaProcess(builder.start(), standardError);
    }

    private void readLines() {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            reader.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException e) {
            // The process was killed.
        }
    }

    /** The next line on standard output; fails the test when none comes. */
    public String line() throws InterruptedException {
        String line = lines.poll(PATIENCE_S, TimeUnit.SECONDS);
        assertThat(line)
                .as("a line of %s, which says: %s", process.info(), standardError())
                .isNotNull();
        return line;
    }

    public String standardError() {
        try {
            return Files.readString(standardError);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As {@code kill -9} does it; returns when the process is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        exitStatus();
    }

    /** As {@code kill} does it. */
    public int terminate() throws InterruptedException {
        process.destroy();
        return exitStatus();
    }

    /** As {@code kill -STOP} does it: it stands still, and its sockets stay open. */
    public void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** As {@code kill -CONT} does it. */
    public void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start();
        assertThat(kill.waitFor()).as("kill -%s %s", name, process.pid()).isZero();
    }

    public long pid() {
        return process.pid();
    }

    public boolean running() {
        return process.isAlive();
    }

    public int exitStatus() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE_S, TimeUnit.SECONDS))
                .as("ended: %s", standardError())
                .isTrue();
        return process.exitValue();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        Files.deleteIfExists(standardError);
    }
}
