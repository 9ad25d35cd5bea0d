package dev.millrace.compose.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Stands between clients and a broker and can make the network fail. Threads of its own, two for each connection, carry
 * the bytes; any thread may say what becomes of them.
 */
final class Proxy implements AutoCloseable {

    /** What gets through. */
    enum Network {
        WHOLE,
        /** What clients send arrives, and they hear nothing. */
        WITHOUT_RESPONSES,
        DOWN
    }

    private final ServerSocket server;
    private final int target;
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    /** Set by the test, read by all that carry. */
    private volatile Network network = Network.WHOLE;

    Proxy(int port, int target) throws IOException {
        this.server = new ServerSocket(port, 50, loopback());
        this.target = target;
        start(this::accept);
    }

    void set(Network now) {
        network = now;
    }

    /** All is well again; connections that lost something are closed, as their ends would do sooner or later. */
    void heal() throws IOException {
        for (Socket socket = sockets.poll(); socket != null; socket = sockets.poll()) {
            socket.close();
        }
        network = Network.WHOLE;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                Socket broker = new Socket(loopback(), target);
                sockets.add(client);
                sockets.add(broker);
                start(() -> carry(client, broker, true));
                start(() -> carry(broker, client, false));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void carry(Socket from, Socket to, boolean requests) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[1 << 16];
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                if (network == Network.WHOLE || (requests && network == Network.WITHOUT_RESPONSES)) {
                    out.write(buffer, 0, length);
                }
            }
        } catch (IOException e) {
            // One of the ends has closed; the other one follows.
        }
    }

    private static InetAddress loopback() throws UnknownHostException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
            heal();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
