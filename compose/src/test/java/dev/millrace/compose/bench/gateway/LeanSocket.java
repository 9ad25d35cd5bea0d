package dev.millrace.compose.bench.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A WebSocket of as little as does: it finds the text of deltas and notes when it came, and answers pings. What it sends
 * is masked with zeros, which leaves it as it is. Owned by the clients' thread.
 */
final class LeanSocket {
    private static final String UPGRADE = """
            GET /v1/responses HTTP/1.1\r
            Host: 127.0.0.1\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
            \r
            """;
    private static final byte[] DELTA = "\"delta\":\"".getBytes(US_ASCII);
    /** Longer frames are passed over: they repeat the whole text. */
    private static final int LARGEST = 1 << 16;

    private static final int SHORT_LENGTH = 126;
    private static final int LONG_LENGTH = 127;
    private static final int TEXT = 0x1;
    private static final int PING = 0x9;
    private static final int PONG = 0xA;

    private final SocketChannel channel;
    /** Bytes of a frame that has not all come. */
    private byte[] rest = {};
    /** Of a frame that is passed over. */
    private long skip;

    private LeanSocket(SocketChannel channel) {
        this.channel = channel;
    }

    /** @param receiveBytes what the operating system shall take for a client that does not read; 0: as it likes */
    static LeanSocket open(int port, int receiveBytes) throws IOException {
        SocketChannel channel = SocketChannel.open();
        if (receiveBytes > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBytes);
        }
        channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.write(ByteBuffer.wrap(UPGRADE.getBytes(US_ASCII)));
        StringBuilder answer = new StringBuilder();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (answer.indexOf("\r\n\r\n") < 0) {
            if (channel.read(one.clear()) < 0) {
                throw new EOFException("no WebSocket: " + answer);
            }
            answer.append((char) one.get(0));
        }
        channel.configureBlocking(false);
        return new LeanSocket(channel);
    }

    SocketChannel channel() {
        return channel;
    }

    void ask(String input) throws IOException {
        send(TEXT, "{\"type\":\"response.create\",\"input\":\"" + input + "\"}");
    }

    private void send(int opcode, String text) throws IOException {
        byte[] payload = text.getBytes(US_ASCII);
        channel.write(ByteBuffer.allocate(6 + payload.length)
                .put((byte) (0x80 | opcode))
                .put((byte) (0x80 | payload.length))
                .putInt(0)
                .put(payload)
                .flip());
    }

    /** Reads what is there. False at the end. */
    boolean read(ByteBuffer buffer, int eventCharacters, Arrivals arrivals) throws IOException {
        buffer.clear().put(rest);
        int count = channel.read(buffer);
        long unixMicros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        buffer.flip();
        long skipped = Math.min(skip, buffer.remaining());
        buffer.position((int) skipped);
        skip -= skipped;
        while (nextFrame(buffer, eventCharacters, arrivals, unixMicros)) {}
        rest = new byte[buffer.remaining()];
        buffer.get(rest);
        return count >= 0;
    }

    private boolean nextFrame(ByteBuffer buffer, int eventCharacters, Arrivals arrivals, long unixMicros)
            throws IOException {
        int start = buffer.position();
        if (buffer.remaining() < 2) {
            return false;
        }
        int code = buffer.get(start + 1);
        int head = code < SHORT_LENGTH ? 2 : code < LONG_LENGTH ? 4 : 10;
        if (buffer.remaining() < head) {
            return false;
        }
        long length = code < SHORT_LENGTH
                ? code
                : code < LONG_LENGTH ? Short.toUnsignedInt(buffer.getShort(start + 2)) : buffer.getLong(start + 2);
        if (length > LARGEST) {
            long there = Math.min(head + length, buffer.remaining());
            skip = head + length - there;
            buffer.position((int) (start + there));
            return true;
        }
        if (buffer.remaining() < head + length) {
            return false;
        }
        int end = (int) (start + head + length);
        int opcode = buffer.get(start) & 0xF;
        if (opcode == PING) {
            send(PONG, "");
        } else if (opcode == TEXT) {
            onText(buffer, start + head, end, eventCharacters, arrivals, unixMicros);
        }
        buffer.position(end);
        return true;
    }

    private static void onText(
            ByteBuffer bytes, int start, int end, int eventCharacters, Arrivals arrivals, long unixMicros) {
        int at = start;
        while (at < end - DELTA.length && !deltaAt(bytes, at)) {
            at++;
        }
        int events = 0;
        for (int event = at + DELTA.length; event + eventCharacters < end; event += eventCharacters) {
            if (bytes.get(event) == '"') {
                break;
            }
            arrivals.came(number(bytes, event), unixMicros);
            events++;
        }
        if (events > 0) {
            arrivals.add(events);
        }
    }

    private static boolean deltaAt(ByteBuffer bytes, int at) {
        for (int i = 0; i < DELTA.length; i++) {
            if (bytes.get(at + i) != DELTA[i]) {
                return false;
            }
        }
        return true;
    }

    private static int number(ByteBuffer bytes, int at) {
        int number = 0;
        for (int i = 0; i < Arrivals.NUMBER_DIGITS; i++) {
            number = number * Character.MAX_RADIX + Character.digit(bytes.get(at + i), Character.MAX_RADIX);
        }
        return number;
    }
}
