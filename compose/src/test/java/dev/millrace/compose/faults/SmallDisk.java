package dev.millrace.compose.faults;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system in memory that can be filled to the last byte. Mounting it takes root. */
final class SmallDisk implements AutoCloseable {

    private static final int CHUNK_BYTES = 4096;

    private final Path mountPoint;

    private SmallDisk(Path mountPoint) {
        this.mountPoint = mountPoint;
    }

    /** @throws IOException where this process may not */
    static SmallDisk mount(Path mountPoint) throws IOException {
        Files.createDirectories(mountPoint);
        run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", mountPoint.toString());
        return new SmallDisk(mountPoint);
    }

    static boolean possible(Path directory) {
        try {
            mount(directory).close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    Path broker() {
        return mountPoint.resolve("broker");
    }

    void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(filler())) {
            byte[] zeros = new byte[CHUNK_BYTES];
            while (mountPoint.toFile().getUsableSpace() > 0) {
                out.write(zeros);
            }
        } catch (IOException e) {
            if (mountPoint.toFile().getUsableSpace() > 0) {
                throw e;
            }
        }
    }

    void free() throws IOException {
        Files.delete(filler());
    }

    private Path filler() {
        return mountPoint.resolve("filler");
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        int status = process.onExit().join().exitValue();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + status);
        }
    }

    /** Lazily: a broker that has just been killed may hold files for another moment. */
    @Override
    public void close() throws IOException {
        run("umount", "-l", mountPoint.toString());
    }
}
