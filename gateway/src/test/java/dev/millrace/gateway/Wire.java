package dev.millrace.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.vertx.core.buffer.Buffer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A connection byte by byte, as no client library would use it. Whoever keeps it waiting is taken to hang. */
final class Wire implements AutoCloseable {
    private static final int PATIENCE_MS = 30_000;
    private static final int TRICKLE_MS = 10;
    private static final int MASKED = 0x80;
    /** Any mask will do. */
    private static final byte[] MASK = {0x12, 0x34, 0x56, 0x78};

    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;
    static final int FINAL = 0x80;

    /** A frame of the server's. */
    record Frame(int opcode, Buffer payload) {
        int closeCode() {
            return payload.length() < 2 ? 0 : payload.getUnsignedShort(0);
        }
    }

    private final Socket socket;
    private final DataInputStream in;

    Wire(int port) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(PATIENCE_MS);
            socket.setTcpNoDelay(true);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A WebSocket that is open. */
    static Wire webSocket(int port) throws IOException {
        Wire wire = new Wire(port);
        wire.write(upgrade("/v1/responses").getBytes(ISO_8859_1));
        String head = wire.readHead();
        if (!head.startsWith("HTTP/1.1 101 ")) {
            throw new AssertionError(head);
        }
        return wire;
    }

    static String upgrade(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    }

    private String readHead() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        return head.toString();
    }

    /** False when the other side has closed meanwhile; what it said before can still be read. */
    boolean write(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Byte by byte, with a pause behind each, until the other side says something or closes. */
    void trickle(byte[] bytes) throws IOException {
        for (int i = 0; i < bytes.length && !hears(); i++) {
            write(new byte[] {bytes[i]});
        }
    }

    private boolean hears() throws IOException {
        socket.setSoTimeout(TRICKLE_MS);
        in.mark(1);
        try {
            in.read();
            in.reset();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } finally {
            socket.setSoTimeout(PATIENCE_MS);
        }
    }

    /** A frame as clients have to mask it. */
    static byte[] frame(int firstByte, byte[] payload) {
        byte[] head = head(firstByte, MASKED, payload.length);
        ByteBuffer frame = ByteBuffer.allocate(head.length + MASK.length + payload.length);
        frame.put(head).put(MASK);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ MASK[i % MASK.length]));
        }
        return frame.array();
    }

    static byte[] unmasked(int firstByte, byte[] payload) {
        byte[] head = head(firstByte, 0, payload.length);
        return ByteBuffer.allocate(head.length + payload.length)
                .put(head)
                .put(payload)
                .array();
    }

    static byte[] head(int firstByte, int masked, long length) {
        ByteBuffer head = ByteBuffer.allocate(10).put((byte) firstByte);
        if (length < 126) {
            head.put((byte) (masked | length));
        } else if (length <= 0xFFFF) {
            head.put((byte) (masked | 126)).putShort((short) length);
        } else {
            head.put((byte) (masked | 127)).putLong(length);
        }
        byte[] bytes = new byte[head.position()];
        head.flip().get(bytes);
        return bytes;
    }

    /** The server's next frame; null when it has closed the connection. */
    @Nullable
    Frame readFrame() throws IOException {
        try {
            int opcode = in.readUnsignedByte() & 0x0F;
            int length = in.readUnsignedByte();
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = Math.toIntExact(in.readLong());
            }
            byte[] payload = new byte[length];
            in.readFully(payload);
            return new Frame(opcode, Buffer.buffer(payload));
        } catch (EOFException | SocketException e) {
            return null;
        }
    }

    /** All that comes until the server closes the connection. */
    byte[] readAll() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] some = new byte[8192];
        try {
            for (int read = in.read(some); read >= 0; read = in.read(some)) {
                all.write(some, 0, read);
            }
        } catch (SocketException e) { // closed before all was read that we sent
            return all.toByteArray();
        }
        return all.toByteArray();
    }

    /** Says that nothing more will come. */
    void endOutput() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            return; // it is closed
        }
    }

    /** Without a word. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
