package dev.millrace.compose.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/** The directory of the broker's logs: formatted once, and from then on only opened if this very cluster wrote it. */
record DataDirectory(Path path) {

    /** One for every local stack, so that a directory may be moved. 16 bytes in base 64. */
    private static final String CLUSTER_ID = "millrace-local-stack-w";

    private static final String LOCK = "broker.lock";

    /** What a broker may leave behind that died while it formatted. */
    private static final Set<String> HALF_FORMATTED =
            Set.of(LOCK, ".lock", "bootstrap.checkpoint", "bootstrap.checkpoint.tmp", "meta.properties.tmp");

    /**
     * Takes the directory for this process until the channel is closed. Kafka's own lock comes too late: a second
     * broker would have written to the first one's metadata log by then.
     *
     * @throws BrokerFailure if another broker has it, or it cannot be written
     */
    FileChannel lock() {
        try {
            Files.createDirectories(path);
            FileChannel file =
                    FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!locked(file)) {
                file.close();
                throw new BrokerFailure("the directory " + path
                        + " is in use by another broker: stop that one, or name another directory");
            }
            return file;
        } catch (IOException e) {
            throw new BrokerFailure("the directory " + path + " cannot hold the broker's data: " + reason(e), e);
        }
    }

    private static boolean locked(FileChannel file) throws IOException {
        try {
            return file.tryLock() != null;
        } catch (OverlappingFileLockException e) { // a broker of this process
            return false;
        }
    }

    /** @throws BrokerFailure if the broker could not start in this directory, or would spoil what is there */
    void prepare() {
        try {
            Files.createDirectories(path);
            Files.delete(Files.createTempFile(path, "writable", null));
            MetaPropertiesEnsemble found = new MetaPropertiesEnsemble.Loader()
                    .addLogDirs(List.of(path.toString()))
                    .addMetadataLogDir(path.toString())
                    .load();
            if (!found.errorLogDirs().isEmpty()) {
                throw new BrokerFailure("the directory " + path + " is damaged or of a newer version: "
                        + MetaPropertiesEnsemble.META_PROPERTIES_NAME + " cannot be read");
            }
            if (found.logDirProps().isEmpty()) {
                refuseForeignFiles();
                format();
            } else {
                refuseForeignCluster(found);
            }
        } catch (BrokerFailure e) {
            throw e;
        } catch (Exception e) {
            throw new BrokerFailure("the directory " + path + " cannot hold the broker's data: " + reason(e), e);
        }
    }

    private void refuseForeignFiles() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            if (files.anyMatch(
                    file -> !HALF_FORMATTED.contains(file.getFileName().toString()))) {
                throw new BrokerFailure(
                        "the directory " + path + " holds other files than a broker's: name an empty or a new one");
            }
        }
    }

    private void format() throws Exception {
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(BrokerProperties.NODE_ID)
                .setClusterId(CLUSTER_ID)
                .setReleaseVersion(MetadataVersion.latestProduction())
                .setControllerListenerName(BrokerProperties.CONTROLLER_LISTENER)
                .setMetadataLogDirectory(path.toString())
                .addDirectory(path.toString())
                .setIgnoreFormatted(true)
                .run();
    }

    private void refuseForeignCluster(MetaPropertiesEnsemble found) {
        if (!found.clusterId().equals(Optional.of(CLUSTER_ID))
                || !found.nodeId().equals(OptionalInt.of(BrokerProperties.NODE_ID))) {
            throw new BrokerFailure("the directory " + path + " holds the data of another Kafka cluster, "
                    + found.clusterId().orElse("one without an id") + ": name another directory");
        }
    }

    private static String reason(Exception e) {
        if (e instanceof AccessDeniedException) {
            return "no permission to write it";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "it is a file";
        }
        if (e instanceof NoSuchFileException) {
            return "it cannot be created";
        }
        if (e instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        return String.valueOf(e.getMessage());
    }
}
