package dev.millrace.worker.llama;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each in a JVM of its own, since a process can open one library only. */
class LlamaLibraryIT {
    private final Path nativeDirectory = LlamaLibrary.nativeDirectory();

    @TempDir
    private Path home;

    /** Loads the library from the directories given, and says what came of it. */
    static final class Loader {
        public static void main(String[] arguments) {
            try {
                LlamaLibrary library = LlamaLibrary.load(Path.of(arguments[0]), Path.of(arguments[1]));
                System.out.println(library.version() + " " + library.file());
                GgufFile.inspect(library, DemoModel.FILE);
            } catch (LlamaException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void tellsItsVersion() {
        assertThat(DemoModel.library().version()).startsWith("0.5.0");
    }

    @Test
    void opensTheSameLibraryOnce() {
        assertThat(DemoModel.library()).isSameAs(DemoModel.library());
    }

    @Test
    void refusesASecondLibraryInTheProcess() throws IOException {
        copyLibrariesTo(home);
        DemoModel.library();

        LlamaException thrown =
                catchThrowableOfType(LlamaException.class, () -> LlamaLibrary.load(nativeDirectory, home));

        assertThat(thrown.error()).isEqualTo(LlamaError.LIBRARY_UNAVAILABLE);
    }

    @Test
    void takesAnotherBuildByItsHome() throws Exception {
        Path library = copyLibrariesTo(Files.createDirectories(home.resolve("build/bin")));
        Path renamed = Files.move(library, library.resolveSibling("libllama.so"));

        assertThat(load(nativeDirectory)).isEqualTo("0.5.0-dev " + renamed.toRealPath());
    }

    @Test
    void refusesAnotherVersion() throws Exception {
        Path library = copyLibrariesTo(home);
        String bytes = Files.readString(library, ISO_8859_1);
        Files.writeString(library, bytes.replace("0.5.0-dev", "0.6.1-dev"), ISO_8859_1);

        assertThat(load(nativeDirectory)).contains("LIBRARY_VERSION", "found llama.cpp 0.6.1-dev", "wanted 0.5.0");
    }

    @Test
    void namesWhatIsMissing() throws Exception {
        assertThat(load(nativeDirectory)).contains("LIBRARY_UNAVAILABLE", home.toString());

        Files.writeString(home.resolve("libllama.so"), "no library");
        assertThat(load(nativeDirectory)).contains("LIBRARY_UNAVAILABLE", "libllama.so");
        assertThat(load(home)).contains("LIBRARY_UNAVAILABLE", "-Dmillrace.native");
    }

    /** Returns llama.cpp's main library. */
    private Path copyLibrariesTo(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(nativeDirectory.resolve("llama"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        return folder.resolve(DemoModel.library().file().getFileName());
    }

    /** What the loader says, and nothing else may be said. */
    private String load(Path directory) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");
        Process process = new ProcessBuilder(
                        List.of(java, "-cp", classes, Loader.class.getName(), directory.toString(), home.toString()))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertThat(process.waitFor()).isZero();
        return said;
    }
}
