package dev.millrace.gateway.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of the chat page, read once from the class path. What is not among them does not exist, so no path of a
 * request ever reaches a file system. Immutable.
 */
public final class PageFiles {
    private final Map<String, PageFile> byPath;

    private PageFiles(Map<String, PageFile> byPath) {
        this.byPath = Map.copyOf(byPath);
    }

    /** Blocks: for a gateway's start. Without the folder, as in a build without the page, there are no files. */
    public static PageFiles load(String folder) {
        URL root = PageFiles.class.getClassLoader().getResource(folder);
        if (root == null) {
            return new PageFiles(Map.of());
        }
        try {
            URI uri = root.toURI();
            if (!uri.getScheme().equals("jar")) {
                return new PageFiles(read(Path.of(uri)));
            }
            String jar = uri.getRawSchemeSpecificPart();
            Path file = Path.of(URI.create(jar.substring(0, jar.indexOf("!/"))));
            try (FileSystem files = FileSystems.newFileSystem(file)) {
                return new PageFiles(read(files.getPath(folder)));
            }
        } catch (URISyntaxException | IOException e) {
            throw new UncheckedIOException(new IOException("the chat page cannot be read from " + root, e));
        }
    }

    private static Map<String, PageFile> read(Path root) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.filter(Files::isRegularFile).toList();
        }
        Map<String, PageFile> byPath = new HashMap<>();
        for (Path file : files) {
            String path = "/" + root.relativize(file).toString().replace('\\', '/');
            byPath.put(path, PageFile.of(path, Files.readAllBytes(file)));
        }
        return byPath;
    }

    boolean isEmpty() {
        return byPath.isEmpty();
    }

    /** By a request's path. */
    @Nullable
    PageFile find(String path) {
        return byPath.get(path.equals("/") ? "/index.html" : path);
    }
}
