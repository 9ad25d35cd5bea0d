package dev.millrace.compose.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;

/**
 * A Kafka broker and its controller in this JVM, with its data on disk: started again on the same directory it has what
 * it had. One thread may close it while another still starts it: Kafka's own server would come to grief, so close waits
 * for start. It blocks until the data is on disk and the sockets are free.
 */
public final class EmbeddedBroker implements AutoCloseable {

    private final int port;
    private final KafkaRaftServer server;
    /** Of the directory; goes with the process in any case. */
    private final FileChannel lock;

    private EmbeddedBroker(int port, KafkaRaftServer server, FileChannel lock) {
        this.port = port;
        this.server = server;
        this.lock = lock;
    }

    /**
     * Checks that a broker can start here, so that what else starts beside it may begin already. Quick.
     *
     * @param port of the loopback interface; 0 picks a free one
     * @throws BrokerFailure if the port is taken, or the directory is not one for this broker
     */
    public static EmbeddedBroker prepare(Path directory, int port) {
        return prepare(directory, port, Map.of());
    }

    private static EmbeddedBroker prepare(Path directory, int port, Map<String, String> overrides) {
        int claimed = Ports.claim(port);
        Path absolute = directory.toAbsolutePath().normalize();
        DataDirectory data = new DataDirectory(absolute);
        FileChannel lock = data.lock();
        try {
            data.prepare();
            Map<String, String> properties = BrokerProperties.of(absolute, claimed, Ports.claim(0));
            properties.putAll(overrides);
            return new EmbeddedBroker(claimed, new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM), lock);
        } catch (BrokerFailure e) {
            unlock(lock);
            throw e;
        } catch (RuntimeException e) {
            unlock(lock);
            throw failure(e);
        }
    }

    private static void unlock(FileChannel lock) {
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Blocks until clients can connect.
     *
     * @throws BrokerFailure if the broker does not come up
     */
    public synchronized void start() {
        try {
            server.startup();
        } catch (RuntimeException e) {
            server.shutdown();
            throw failure(e);
        }
    }

    /** Prepares and starts. */
    public static EmbeddedBroker start(Path directory, int port) {
        return start(directory, port, Map.of());
    }

    /** The same with properties of Kafka that win over the local broker's own. */
    static EmbeddedBroker start(Path directory, int port, Map<String, String> overrides) {
        EmbeddedBroker broker = prepare(directory, port, overrides);
        broker.start();
        return broker;
    }

    private static BrokerFailure failure(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return new BrokerFailure("the Kafka broker does not start: " + root.getMessage(), e);
    }

    public int port() {
        return port;
    }

    /** For a client's {@code bootstrap.servers}. */
    public String address() {
        return Ports.LOOPBACK + ":" + port;
    }

    @Override
    public synchronized void close() {
        server.shutdown();
        server.awaitShutdown();
        unlock(lock);
    }
}
