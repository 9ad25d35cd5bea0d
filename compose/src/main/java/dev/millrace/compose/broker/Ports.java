package dev.millrace.compose.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports of the loopback interface. Asked for before the broker starts, so that a taken one is said at once. */
public final class Ports {

    public static final String LOOPBACK = "127.0.0.1";

    /**
     * Below those that systems hand out by themselves (Linux from 32,768): such a one may have gone to some outgoing
     * connection, even to one of the broker's own clients, by the time that the broker opens it.
     */
    private static final int LOWEST = 20_000;

    private static final int HIGHEST = 32_000;
    private static final int TRIES = 100;

    private Ports() {}

    /**
     * Makes sure that a port can be used.
     *
     * @param port 0 picks a free one
     * @throws BrokerFailure if it is taken
     */
    public static int claim(int port) {
        return port == 0 ? claimAny() : claimThis(port);
    }

    private static int claimAny() {
        for (int i = 0; i < TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
            try {
                return claimThis(port);
            } catch (BrokerFailure e) {
                // Taken: there are others.
            }
        }
        throw new BrokerFailure("no port of " + LOOPBACK + " is free between " + LOWEST + " and " + HIGHEST);
    }

    private static int claimThis(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            return port;
        } catch (IOException e) {
            throw new BrokerFailure("port " + port + " of " + LOOPBACK + " cannot be used: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new BrokerFailure("not a port: " + port, e);
        }
    }
}
