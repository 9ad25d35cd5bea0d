package dev.millrace.compose;

import dev.millrace.compose.ask.Ask;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/**
 * Starts the stack, asks it one question and stops it, so that the build can archive the classes that this loads:
 * {@code Rehearsal MODEL}. The build fails where the stack does not work.
 */
final class Rehearsal {

    private Rehearsal() {}

    public static void main(String[] arguments) throws IOException, InterruptedException, ExecutionException {
        Path data = Files.createTempDirectory("millrace-rehearsal");
        try {
            LocalStack stack = new LocalStack(data, 0, Path.of(arguments[0]), Map.of());
            stack.start();
            Ask.ask(
                    "Rehearsal".getBytes(StandardCharsets.UTF_8),
                    Map.of("KAFKA_PORT", String.valueOf(stack.port()), "MAX_NEW_TOKENS", "16"),
                    OutputStream.nullOutputStream(),
                    new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
            stack.close();
        } finally {
            delete(data);
        }
        System.exit(0);
    }

    private static void delete(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
