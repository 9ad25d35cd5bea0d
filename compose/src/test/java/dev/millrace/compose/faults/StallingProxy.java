package dev.millrace.compose.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A TCP connection's bad days: passes on what comes to its port, late or not at all for a while, and resets. Two daemon
 * threads for each connection; anyone may turn it.
 */
final class StallingProxy implements AutoCloseable {

    private static final int BUFFER_BYTES = 16 << 10;

    private final int target;
    private final ServerSocket server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private boolean stalled;
    private long delayMs;

    /** @param target a port of the loopback interface */
    StallingProxy(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon("proxy-accept", this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** From now on nothing passes, and nothing is lost, until it flows again. */
    synchronized void stall() {
        stalled = true;
    }

    /** From now on every read is passed on so much later. */
    synchronized void delay(long milliseconds) {
        delayMs = milliseconds;
    }

    /** Without stalls and delays again. */
    synchronized void flow() {
        stalled = false;
        delayMs = 0;
        notifyAll();
    }

    /** Ends all connections, whatever they have under way; new ones are let in. */
    void reset() {
        sockets.forEach(StallingProxy::reset);
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It is gone, which is what was wanted.
        }
    }

    private void accept() throws IOException {
        while (!server.isClosed()) {
            Socket client = server.accept();
            sockets.add(client);
            try {
                Socket broker = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(broker);
                daemon("proxy-out", () -> pass(client, broker));
                daemon("proxy-in", () -> pass(broker, client));
            } catch (IOException e) {
                reset(client);
                sockets.remove(client);
            }
        }
    }

    private void pass(Socket from, Socket to) throws InterruptedException {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                hold();
                out.write(buffer, 0, read);
            }
        } catch (IOException e) {
            // One end is gone; so is the other.
        } finally {
            reset(from);
            reset(to);
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private synchronized void hold() throws InterruptedException {
        while (stalled) {
            wait();
        }
        if (delayMs > 0) {
            TimeUnit.MILLISECONDS.timedWait(this, delayMs);
        }
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void daemon(String name, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException | InterruptedException e) {
                        // The proxy is closed.
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
        flow();
        reset();
    }
}
