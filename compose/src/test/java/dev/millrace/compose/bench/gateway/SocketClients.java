package dev.millrace.compose.bench.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Path;

/**
 * All clients of one measurement, on one thread of a process of their own: {@code SocketClients PORT SOCKETS
 * EVENT_CHARACTERS HEAVY FILE}, where no characters ask for nothing. Prints a line when all are open, then one when all
 * have asked. Ends when it is killed, or the gateway has closed them all.
 */
final class SocketClients {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final int SMALL_RECEIVE_BYTES = 4 << 10;

    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    private final Arrivals arrivals;

    private SocketClients(Arrivals arrivals) throws IOException {
        this.arrivals = arrivals;
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        int sockets = Integer.parseInt(arguments[1]);
        int eventCharacters = Integer.parseInt(arguments[2]);
        Load.Heavy heavy = Load.Heavy.valueOf(arguments[3]);
        SocketClients clients = new SocketClients(Arrivals.open(Path.of(arguments[4])));
        for (int i = 0; i < sockets; i++) {
            LeanSocket socket = LeanSocket.open(port, 0);
            clients.read(socket, eventCharacters);
            if (eventCharacters > 0) {
                socket.ask(ReplyGenerator.STREAM);
            }
        }
        if (heavy != Load.Heavy.NONE) {
            clients.openHeavy(port, heavy == Load.Heavy.STALLED);
        }
        System.out.println("open");
        clients.run();
    }

    private void openHeavy(int port, boolean stalled) throws IOException {
        LeanSocket socket = LeanSocket.open(port, stalled ? SMALL_RECEIVE_BYTES : 0);
        if (!stalled) {
            read(socket, Integer.MAX_VALUE / 2);
        }
        socket.ask(ReplyGenerator.HEAVY);
    }

    /** With what it takes for an event: so many characters. */
    private void read(LeanSocket socket, int characters) throws IOException {
        socket.channel().register(selector, SelectionKey.OP_READ, new Reading(socket, characters));
    }

    private record Reading(LeanSocket socket, int eventCharacters) {}

    private void run() throws IOException {
        while (!selector.keys().isEmpty()) {
            selector.select(this::onReadable);
        }
    }

    private void onReadable(SelectionKey key) {
        Reading reading = (Reading) key.attachment();
        try {
            if (!reading.socket().read(buffer, reading.eventCharacters(), arrivals)) {
                key.channel().close();
            }
        } catch (IOException e) {
            System.err.println("a socket failed: " + e);
            key.cancel();
        }
    }
}
