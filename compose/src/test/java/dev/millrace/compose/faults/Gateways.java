package dev.millrace.compose.faults;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.broker.Ports;
import dev.millrace.gateway.GatewayMain;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Gateways, each a process of its own, that share a key for cursors. Owned by the main thread. */
final class Gateways implements AutoCloseable {

    static final int COUNT = 2;
    private static final long LOOK_AGAIN_MS = 20;
    private static final String KEYS = "--cursor-keys=" + Base64.getEncoder().encodeToString(new byte[32]);

    private final String bootstrap;
    private final List<Integer> ports = new ArrayList<>();
    private final List<JavaProcess> processes = new ArrayList<>();

    Gateways(String bootstrap) throws IOException, InterruptedException {
        this.bootstrap = bootstrap;
        for (int i = 0; i < COUNT; i++) {
            ports.add(Ports.claim(0));
            processes.add(launch(i));
        }
        awaitAllOpen();
    }

    private void awaitAllOpen() throws InterruptedException {
        for (int port : ports) {
            awaitOpen(port);
        }
    }

    private JavaProcess launch(int number) throws IOException {
        return JavaProcess.start(
                GatewayMain.class,
                Map.of(),
                "--kafka-bootstrap=" + bootstrap,
                "--gateway-id=g" + number,
                "--http-port=" + ports.get(number),
                "--disconnect-grace=5s",
                KEYS);
    }

    private static void awaitOpen(int port) throws InterruptedException {
        while (!open(port)) {
            Round.pause(LOOK_AGAIN_MS);
        }
    }

    private static boolean open(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    URI address(int number) {
        return URI.create("ws://" + Ports.LOOPBACK + ":" + ports.get(number % COUNT) + "/v1/responses");
    }

    /** As by kill -9. */
    void kill(int number) throws InterruptedException {
        processes.get(number).kill();
    }

    /** Returns when it is gone. */
    void terminate(int number) throws InterruptedException {
        processes.get(number).terminate();
    }

    /** On the port that it had; returns when it takes clients. */
    void startAgain(int number) throws IOException, InterruptedException {
        processes.get(number).close();
        processes.set(number, launch(number));
        awaitOpen(ports.get(number));
    }

    /** By new ones on the same ports; returns when all take clients. */
    void replaceAll() throws IOException, InterruptedException {
        for (int i = 0; i < COUNT; i++) {
            terminate(i);
            processes.get(i).close();
            processes.set(i, launch(i));
        }
        awaitAllOpen();
    }

    @Override
    public void close() throws IOException {
        for (JavaProcess process : processes) {
            process.close();
        }
    }
}
