package dev.millrace.compose.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.compose.JavaProcess;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerIT {

    @TempDir
    Path directory;

    @Test
    void hasItsDataWhenStartedAgain() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            LetterBox box = new LetterBox(broker.address());
            box.create();
            box.put(List.of("first", "second"));
        }

        List<String> letters;
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            letters = new LetterBox(broker.address()).letters();
        }

        assertThat(letters).containsExactly("first", "second");
    }

    @Test
    void hasEverythingItAcknowledgedWhenKilled() throws Exception {
        List<String> sent = IntStream.range(0, 200).mapToObj(i -> "letter " + i).toList();
        try (JavaProcess process = JavaProcess.start(BrokerMain.class, Map.of(), directory, 0)) {
            LetterBox box = new LetterBox(address(process));
            box.create();
            box.put(sent);
            process.kill();
        }

        List<String> letters;
        try (JavaProcess process = JavaProcess.start(BrokerMain.class, Map.of(), directory, 0)) {
            letters = new LetterBox(address(process)).letters();
        }

        assertThat(letters).isEqualTo(sent);
    }

    @Test
    void takesRecordsAsLargeAsTheLargestPrompt() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            LetterBox box = new LetterBox(broker.address());
            box.create();
            String large = "x".repeat(8 << 20);

            box.put(List.of(large));

            assertThat(box.letters()).containsExactly(large);
        }
    }

    @Test
    void endsInOrderOnSigterm() throws Exception {
        try (JavaProcess process = JavaProcess.start(BrokerMain.class, Map.of(), directory, 0)) {
            address(process);

            assertThat(process.terminate()).isEqualTo(143);
            assertThat(directory.resolve(".kafka_cleanshutdown")).exists();
        }
    }

    @Test
    void saysATakenPortInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
                JavaProcess process = JavaProcess.start(BrokerMain.class, Map.of(), directory, taken.getLocalPort())) {
            int status = process.exitStatus();

            assertThat(status).isEqualTo(1);
            assertThat(process.standardError().lines())
                    .singleElement()
                    .asString()
                    .contains("port " + taken.getLocalPort(), "Address already in use");
        }
    }

    @Test
    void saysThatAnotherBrokerUsesTheDirectoryAndTouchesNothing() throws Exception {
        Path quorumState = directory.resolve("__cluster_metadata-0/quorum-state");
        try (JavaProcess first = JavaProcess.start(BrokerMain.class, Map.of(), directory, 0)) {
            address(first);
            String elected = Files.readString(quorumState);

            assertThatThrownBy(() -> EmbeddedBroker.start(directory, 0))
                    .isInstanceOf(BrokerFailure.class)
                    .hasMessageContaining("is in use by another broker");

            assertThat(quorumState).hasContent(elected);
        }
    }

    private static String address(JavaProcess broker) throws InterruptedException {
        return broker.line().substring(BrokerMain.READY.length());
    }
}
