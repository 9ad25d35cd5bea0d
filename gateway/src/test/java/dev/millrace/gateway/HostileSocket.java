package dev.millrace.gateway;

import static dev.millrace.gateway.FuzzTest.CANARY;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A client of the WebSocket that means no good. Owned by one thread. */
final class HostileSocket implements AutoCloseable {
    private static final int NORMAL = 1000;
    private static final int PROTOCOL_ERROR = 1002;
    private static final int NO_UTF8 = 1007;
    private static final int TOO_LARGE = 1009;
    /** One more than an event may have. */
    private static final int TOO_MANY_BYTES = (16 << 20) + 1;

    private static final long PATIENCE_NANOS = Duration.ofSeconds(25).toNanos();

    private static final List<String> ANSWERS = List.of("error", "response.created", "response.resumed");

    private final int port;
    private final Random random;
    private final AsyncApi document;
    private final JsonMutator mutator;
    private @Nullable Wire wire;
    private int asked;
    private String cursor = "AQ";

    /** @param document that what comes has to agree with, and all that is not refused */
    HostileSocket(int port, Random random, AsyncApi document) {
        this.port = port;
        this.document = document;
        this.random = random;
        this.mutator = new JsonMutator(random);
    }

    /** Says one thing, and hears what comes of it. */
    void attack() throws IOException {
        int kind = random.nextInt(1000);
        if (kind < 800) {
            sayMutated();
        } else if (kind < 920) {
            breakProtocol();
        } else if (kind < 970) {
            sayJunk();
        } else if (kind < 998) {
            leave();
        } else {
            sayTooMuch();
        }
    }

    private Wire open() throws IOException {
        Wire open = wire;
        if (open == null || random.nextInt(100) == 0) {
            close();
            open = Wire.webSocket(port);
            wire = open;
        }
        return open;
    }

    private void sayMutated() throws IOException {
        byte[] event = mutator.mutate(valid());
        if (isUtf8(event)) {
            Wire open = open();
            say(open, event);
            assertThat(answersUpToSentinel(open, event))
                    .as("answers to %s", text(event))
                    .isEqualTo(1);
        } else {
            expectClose(Wire.frame(Wire.FINAL | Wire.TEXT, event), NO_UTF8);
        }
    }

    private JsonObject valid() {
        return switch (random.nextInt(5)) {
            case 0 ->
                new JsonObject()
                        .put("type", "response.cancel")
                        .put("response_id", CANARY)
                        .put("event_id", CANARY);
            case 1 ->
                new JsonObject()
                        .put("type", "response.resume")
                        .put("cursor", cursor())
                        .put("starting_after", 3);
            case 2 -> new JsonObject().put("type", "response.create").put("input", CANARY);
            default -> full();
        };
    }

    private String cursor() {
        char[] changed = cursor.toCharArray();
        if (random.nextInt(3) > 0) {
            changed[random.nextInt(changed.length)] = "Az09-_+/= é".charAt(random.nextInt(11));
        }
        return new String(changed, 0, random.nextInt(4) == 0 ? random.nextInt(changed.length) : changed.length);
    }

    /** Every field that there is. */
    private static JsonObject full() {
        JsonArray parts =
                new JsonArray().add(new JsonObject().put("type", "input_text").put("text", CANARY));
        JsonArray input = new JsonArray()
                .add(new JsonObject().put("role", "user").put("content", CANARY).put("type", "message"))
                .add(new JsonObject()
                        .put("role", "assistant")
                        .put("content", CANARY)
                        .put("id", CANARY))
                .add(new JsonObject().put("role", "user").put("content", parts));
        JsonObject format = new JsonObject()
                .put("type", "json_schema")
                .put("name", CANARY)
                .put("strict", true)
                .put("schema", new JsonObject().put("type", "object"));
        return SamplingFields.all()
                .put("type", "response.create")
                .put("event_id", CANARY)
                .put("model", CANARY)
                .put("instructions", CANARY)
                .put("input", input)
                .put("conversation", new JsonObject().put("id", CANARY))
                .put("max_output_tokens", 9)
                .put("text", new JsonObject().put("format", format))
                .put("stream", true)
                .put("store", true)
                .put("include_history", true)
                .put("background", false)
                .put("truncation", "disabled")
                .put("tools", new JsonArray());
    }

    /** As one frame or as several, with control frames between them. */
    private void say(Wire open, byte[] event) {
        if (random.nextInt(4) > 0 || event.length < 2) {
            open.write(Wire.frame(Wire.FINAL | Wire.TEXT, event));
            return;
        }
        int at = 1 + random.nextInt(event.length - 1);
        open.write(Wire.frame(Wire.TEXT, Arrays.copyOf(event, at)));
        open.write(Wire.frame(Wire.FINAL | Wire.PING, CANARY.getBytes(UTF_8)));
        open.write(Wire.frame(Wire.CONTINUATION, new byte[0]));
        open.write(Wire.frame(Wire.FINAL | Wire.CONTINUATION, Arrays.copyOfRange(event, at, event.length)));
    }

    /** How many there were before that to an event which is known to be refused. */
    private int answersUpToSentinel(Wire open, byte[] event) throws IOException {
        String sentinel = "sentinel-" + asked++;
        JsonObject last = new JsonObject().put("type", "none").put("event_id", sentinel);
        open.write(Wire.frame(Wire.FINAL | Wire.TEXT, last.encode().getBytes(UTF_8)));
        int answers = 0;
        while (true) {
            Wire.Frame frame = open.readFrame();
            if (frame == null || frame.opcode() == Wire.CLOSE) {
                throw new AssertionError("the socket was closed with " + frame + " upon " + text(event));
            }
            if (frame.opcode() == Wire.TEXT) {
                JsonObject said = frame.payload().toJsonObject();
                if (sentinel.equals(said.getString("event_id"))) {
                    return answers;
                }
                assertThat(document.faults("tellClients", said.encode()))
                        .as("faults of what came of %s", text(event))
                        .isEmpty();
                if (said.getString("type").matches("response\\.(created|resumed)")) {
                    assertThat(document.faults("hearClients", new String(event, UTF_8)))
                            .as("the document allows %s", text(event))
                            .isEmpty();
                }
                answers += ANSWERS.contains(said.getString("type")) ? 1 : 0;
                cursor = said.getString("cursor", cursor);
            }
        }
    }

    private void breakProtocol() throws IOException {
        byte[] text = CANARY.getBytes(UTF_8);
        switch (random.nextInt(10)) {
            case 0 -> expectClose(Wire.unmasked(Wire.FINAL | Wire.TEXT, text), PROTOCOL_ERROR);
            case 1 -> expectClose(Wire.frame(Wire.FINAL | 3 + random.nextInt(5), text), PROTOCOL_ERROR);
            case 2 -> expectClose(Wire.frame(Wire.FINAL | 11 + random.nextInt(5), text), PROTOCOL_ERROR);
            case 3 -> expectClose(Wire.frame(Wire.FINAL | Wire.TEXT | 0x10 << random.nextInt(3), text), PROTOCOL_ERROR);
            case 4 -> expectClose(Wire.frame(Wire.PING, text), PROTOCOL_ERROR);
            case 5 -> expectClose(Wire.frame(Wire.FINAL | Wire.PING, new byte[126]), PROTOCOL_ERROR);
            case 6 -> expectClose(Wire.frame(Wire.FINAL | Wire.CONTINUATION, text), PROTOCOL_ERROR);
            case 7 -> expectClose(closing(new byte[] {1}), PROTOCOL_ERROR);
            case 8 ->
                expectClose(
                        closing(code(
                                List.of(0, 999, 1004, 1005, 1006, 1015, 2999).get(random.nextInt(7)))),
                        PROTOCOL_ERROR);
            default -> expectClose(closing(code(NORMAL)), NORMAL);
        }
    }

    private static byte[] closing(byte[] payload) {
        return Wire.frame(Wire.FINAL | Wire.CLOSE, payload);
    }

    private static byte[] code(int code) {
        return ByteBuffer.allocate(2).putShort((short) code).array();
    }

    /** On a socket of its own. A connection may be failed without a word, but not with another one, or not at all. */
    private void expectClose(byte[] bytes, int code) throws IOException {
        try (Wire own = Wire.webSocket(port)) {
            own.write(bytes);
            long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
            Wire.Frame frame = own.readFrame();
            while (frame != null && frame.opcode() != Wire.CLOSE) {
                assertThat(System.nanoTime()).as("its pings are no answer").isLessThan(deadlineNanos);
                frame = own.readFrame();
            }
            assertThat(frame == null ? code : frame.closeCode())
                    .as("the close upon %s", Arrays.toString(Arrays.copyOf(bytes, 20)))
                    .isEqualTo(code);
            own.write(closing(code(code)));
            own.readAll(); // Vert.x may say another close
        }
    }

    private void sayJunk() throws IOException {
        byte[] junk = new byte[1 + random.nextInt(300)];
        random.nextBytes(junk);
        if (random.nextBoolean()) {
            junk[0] = (byte) (Wire.FINAL | Wire.TEXT);
        }
        try (Wire own = Wire.webSocket(port)) {
            own.write(junk);
            own.endOutput();
            own.readAll();
        }
    }

    /** In the middle of something. */
    private void leave() throws IOException {
        Wire own = Wire.webSocket(port);
        own.write(Wire.frame(Wire.FINAL | Wire.TEXT, full().encode().getBytes(UTF_8)));
        own.write(Wire.frame(Wire.TEXT, CANARY.getBytes(UTF_8)));
        if (random.nextBoolean()) {
            own.readFrame();
        }
        if (random.nextBoolean()) {
            own.reset();
        } else {
            own.close();
        }
    }

    private void sayTooMuch() throws IOException {
        if (random.nextBoolean()) {
            expectClose(Wire.head(Wire.FINAL | Wire.TEXT, 0x80, TOO_MANY_BYTES), TOO_LARGE);
            return;
        }
        Wire open = open();
        byte[] part = CANARY.repeat((2 << 20) / CANARY.length()).getBytes(UTF_8);
        open.write(Wire.frame(Wire.TEXT, part));
        for (int i = 0; i < 8; i++) {
            open.write(Wire.frame(Wire.CONTINUATION, part));
        }
        open.write(Wire.frame(Wire.FINAL | Wire.CONTINUATION, part));
        assertThat(answersUpToSentinel(open, new byte[0])).isEqualTo(1);
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static String text(byte[] event) {
        return new String(event, 0, Math.min(event.length, 2000), ISO_8859_1);
    }

    @Override
    public void close() {
        if (wire != null) {
            wire.close();
            wire = null;
        }
    }
}
