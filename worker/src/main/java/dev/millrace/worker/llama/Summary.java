package dev.millrace.worker.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What the native side wrote into a buffer, read in order: numbers of 8 bytes, and texts as their length and UTF-8. */
final class Summary {
    static final int BYTES = 16 * 1024;

    private final ByteBuffer memory = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());

    /** For a native method to write to. */
    ByteBuffer memory() {
        return memory;
    }

    long number() {
        return memory.getLong();
    }

    int integer() {
        return Math.toIntExact(number());
    }

    String text() {
        byte[] text = new byte[integer()];
        memory.get(text);
        return new String(text, UTF_8);
    }
}
