package dev.millrace.worker.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * llama.cpp, opened for the whole process together with the C++ of this package. Whoever holds one may call the other
 * classes. Stays open as long as the process lives: a library with threads of its own cannot be taken away.
 */
public final class LlamaLibrary {
    private static final String SHIM = System.mapLibraryName("millrace_llama");
    /** Where builds of llama.cpp leave their libraries. */
    private static final List<String> FOLDERS = List.of("", "lib", "bin", "build/bin");
    /** The names that builds give to the library, best first. */
    private static final List<String> NAMES = List.of(
            "libllama\\.so",
            "libllama\\.v[0-9.]+\\.so",
            "libllama\\.cuda\\.v[0-9.]+\\.so",
            "libllama\\.so\\.[0-9.]+",
            "libllama(?!-common)[^/]*\\.dylib");

    /** What is open; guarded by the class, where threads that load at the same time meet. */
    private static @Nullable LlamaLibrary open;

    private final Path file;
    private final String version;

    private LlamaLibrary(Path file, String version) {
        this.file = file;
        this.version = version;
    }

    /**
     * Opens the libraries. Does nothing if the same ones are open already; others cannot be opened in one process.
     *
     * @param nativeDirectory what the build made: the shim, and prebuilt llama.cpp libraries in {@code llama}
     * @param llamaHome       another build of the same llama.cpp version, to be used instead of the prebuilt one
     */
    public static synchronized LlamaLibrary load(Path nativeDirectory, @Nullable Path llamaHome) {
        Path library = findLlama(llamaHome == null ? nativeDirectory.resolve("llama") : llamaHome);
        if (open == null) {
            loadShim(nativeDirectory.resolve(SHIM));
            check(open(bytes(library), bytes(folderOf(library))));
            open = new LlamaLibrary(library, new String(openVersion(), UTF_8));
        }
        if (!open.file.equals(library)) {
            throw unavailable("already open: " + open.file + "; cannot open " + library + " too");
        }
        return open;
    }

    /**
     * Where the build left the native side: the system property {@code millrace.native}, else the directory
     * {@code native} beside the jar or the classes directory that this class came from.
     */
    public static Path nativeDirectory() {
        String property = System.getProperty("millrace.native");
        if (property != null) {
            return Path.of(property);
        }
        try {
            return Path.of(LlamaLibrary.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .resolveSibling("native");
        } catch (URISyntaxException e) {
            throw unavailable("cannot tell where the classes are; set -Dmillrace.native: " + e.getMessage());
        }
    }

    /** What llama.cpp says that it is, such as {@code 0.5.0-dev}. */
    public String version() {
        return version;
    }

    /** The library that was opened. */
    public Path file() {
        return file;
    }

    /** The result of a native method, or the exception that its negative code stands for. */
    static long check(long result) {
        if (result < 0) {
            throw new LlamaException(LlamaError.ofCode((int) -result), new String(lastFailure(), UTF_8));
        }
        return result;
    }

    /** A file's name for the native side. */
    static byte[] bytes(Path path) {
        return path.toString().getBytes(UTF_8);
    }

    /** The back ends lie beside the library. It is a real path, so it has a parent. */
    private static Path folderOf(Path library) {
        return Objects.requireNonNull(library.getParent());
    }

    private static Path findLlama(Path home) {
        for (String name : NAMES) {
            for (String folder : FOLDERS) {
                Path found = findIn(home.resolve(folder), name);
                if (found != null) {
                    return found;
                }
            }
        }
        throw unavailable("no llama.cpp library (libllama) in " + home + " or its lib, bin and build/bin");
    }

    private static @Nullable Path findIn(Path folder, String name) {
        if (!Files.isDirectory(folder)) {
            return null;
        }
        try (Stream<Path> files = Files.list(folder)) {
            Path found = files.filter(file -> file.getFileName().toString().matches(name))
                    .sorted()
                    .findFirst()
                    .orElse(null);
            return found == null ? null : found.toRealPath();
        } catch (IOException e) {
            throw unavailable("cannot look into " + folder + ": " + e.getMessage());
        }
    }

    private static void loadShim(Path shim) {
        if (!Files.isRegularFile(shim)) {
            throw unavailable("no " + shim + ": build the worker, or set -Dmillrace.native to its native directory");
        }
        try {
            System.load(shim.toAbsolutePath().toString());
        } catch (UnsatisfiedLinkError e) {
            throw unavailable("cannot load " + shim + ": " + e.getMessage());
        }
    }

    private static LlamaException unavailable(String message) {
        return new LlamaException(LlamaError.LIBRARY_UNAVAILABLE, message);
    }

    private static native long open(byte[] library, byte[] folder);

    private static native byte[] openVersion();

    private static native byte[] lastFailure();
}
