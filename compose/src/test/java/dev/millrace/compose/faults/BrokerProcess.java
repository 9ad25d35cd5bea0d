package dev.millrace.compose.faults;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.broker.BrokerMain;
import dev.millrace.compose.broker.Ports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The broker as a process that comes back with its ports and its data. Beside its own listener it has one that it
 * advertises at the proxy's port: who comes through the proxy stays with it.
 */
final class BrokerProcess implements AutoCloseable {

    private final Path directory;
    private final int port = Ports.claim(0);
    private final int detourPort = Ports.claim(0);
    private final int controllerPort = Ports.claim(0);
    private final StallingProxy proxy;
    private JavaProcess process;

    BrokerProcess(Path directory) throws IOException, InterruptedException {
        this.directory = directory;
        this.proxy = new StallingProxy(detourPort);
        this.process = launch();
    }

    /** Blocks until clients can connect. */
    private JavaProcess launch() throws IOException, InterruptedException {
        JavaProcess launched = JavaProcess.start(
                BrokerMain.class,
                Map.of(),
                directory,
                port,
                "listeners=" + listener("PLAINTEXT", port) + "," + listener("DETOUR", detourPort) + ","
                        + listener("CONTROLLER", controllerPort),
                "advertised.listeners=" + listener("PLAINTEXT", port) + "," + listener("DETOUR", proxy.port()),
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "controller.quorum.voters=1@" + Ports.LOOPBACK + ":" + controllerPort);
        launched.line();
        return launched;
    }

    private static String listener(String name, int port) {
        return name + "://" + Ports.LOOPBACK + ":" + port;
    }

    String bootstrap() {
        return Ports.LOOPBACK + ":" + port;
    }

    String bootstrapThroughProxy() {
        return Ports.LOOPBACK + ":" + proxy.port();
    }

    StallingProxy proxy() {
        return proxy;
    }

    JavaProcess process() {
        return process;
    }

    /** After it was killed: the same data, the same ports. */
    void startAgain() throws IOException, InterruptedException {
        process.close();
        process = launch();
    }

    @Override
    public void close() throws IOException {
        process.close();
        proxy.close();
    }
}
