package dev.millrace.compose.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {

    @TempDir
    Path parent;

    @Test
    void formatsANewDirectoryOnce() throws IOException {
        Path directory = parent.resolve("new/data");

        new DataDirectory(directory).prepare();
        String first = Files.readString(directory.resolve("meta.properties"));
        new DataDirectory(directory).prepare();

        assertThat(directory.resolve("meta.properties")).hasContent(first);
    }

    @Test
    void finishesAFormatThatWasCutShort() throws IOException {
        Files.createFile(parent.resolve("bootstrap.checkpoint.tmp"));

        new DataDirectory(parent).prepare();

        assertThat(parent.resolve("meta.properties")).exists();
    }

    @Test
    void refusesTheDataOfAnotherCluster() throws IOException {
        Files.writeString(
                parent.resolve("meta.properties"), "version=1\ncluster.id=AnotherClusterOfKafka\nnode.id=1\n");

        assertThatThrownBy(() -> new DataDirectory(parent).prepare())
                .isInstanceOf(BrokerFailure.class)
                .hasMessageContaining("another Kafka cluster, AnotherClusterOfKafka");
    }

    @Test
    void refusesWhatItCannotRead() throws IOException {
        Files.writeString(parent.resolve("meta.properties"), "version=7\n");

        assertThatThrownBy(() -> new DataDirectory(parent).prepare())
                .isInstanceOf(BrokerFailure.class)
                .hasMessageContaining("damaged or of a newer version");
    }

    @Test
    void leavesADirectoryWithOtherFilesAlone() throws IOException {
        Files.writeString(parent.resolve("thesis.txt"), "years of work");

        assertThatThrownBy(() -> new DataDirectory(parent).prepare())
                .isInstanceOf(BrokerFailure.class)
                .hasMessageContaining("holds other files");
        assertThat(parent).isDirectoryNotContaining("glob:**meta.properties");
    }

    @Test
    void refusesAFile() throws IOException {
        Path file = Files.createFile(parent.resolve("file"));

        assertThatThrownBy(() -> new DataDirectory(file).prepare())
                .isInstanceOf(BrokerFailure.class)
                .hasMessageContaining(file + " cannot hold the broker's data: it is a file");
    }

    @Test
    void refusesADirectoryThatCannotBeMade() {
        assertThatThrownBy(() -> new DataDirectory(Path.of("/proc/data")).prepare())
                .isInstanceOf(BrokerFailure.class)
                .hasMessageContaining("/proc/data");
    }
}
