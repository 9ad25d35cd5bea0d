package dev.millrace.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;

/**
 * Connections that each begin to say something and go on a byte or a frame at a time, never to its end. Each has to be
 * closed by the other side, and to be told why. Owned by one thread.
 */
final class SlowLoris implements AutoCloseable {
    private static final byte[] BYTE = {'x'};
    private static final byte[] FRAME = Wire.frame(Wire.CONTINUATION, new byte[0]);
    private static final int TOO_LATE = 1008;

    private final Wire head;
    private final Wire body;
    private final Wire frame;
    private final Wire fragments;

    SlowLoris(int port) throws IOException {
        head = new Wire(port);
        head.write("GET / HTTP/1.1\r\nX: ".getBytes(ISO_8859_1));
        body = new Wire(port);
        body.write("POST /v1/responses HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n"
                .getBytes(ISO_8859_1));
        frame = Wire.webSocket(port);
        frame.write(Wire.head(Wire.FINAL | Wire.TEXT, 0x80, 99_999));
        fragments = Wire.webSocket(port);
        fragments.write(Wire.frame(Wire.TEXT, FuzzTest.CANARY.getBytes(UTF_8)));
    }

    /** A little more on each. */
    void goOn() {
        List.of(head, body, frame).forEach(wire -> wire.write(BYTE));
        fragments.write(FRAME);
    }

    /** Waits for that. */
    void assertClosed(OpenApi document) throws IOException {
        for (Wire wire : List.of(head, body)) {
            String answer = new String(wire.readAll(), UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 408 ");
            assertThat(document.faults("Error", answer.substring(answer.indexOf('{'))))
                    .isEmpty();
        }
        for (Wire wire : List.of(frame, fragments)) {
            Wire.Frame said = wire.readFrame();
            while (said != null && said.opcode() == Wire.PING) {
                said = wire.readFrame();
            }
            assertThat(said == null ? 0 : said.closeCode()).isEqualTo(TOO_LATE);
        }
    }

    @Override
    public void close() {
        List.of(head, body, frame, fragments).forEach(Wire::close);
    }
}
