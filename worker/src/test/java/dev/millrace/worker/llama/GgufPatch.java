package dev.millrace.worker.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A copy of a GGUF file with something else in one place. */
public final class GgufPatch {
    static final int USER_DEFINED = 4;

    private final ByteBuffer bytes;

    private GgufPatch(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    public static GgufPatch of(Path file) throws IOException {
        return new GgufPatch(Files.readAllBytes(file));
    }

    GgufPatch tokenType(int token, int type) {
        int items = end("tokenizer.ggml.token_type") + 4 + 4 + 8;
        bytes.putInt(items + 4 * token, type);
        return this;
    }

    /** Behind a tensor's name stand the number of its dimensions, each of these, its type and its offset. */
    public GgufPatch tensorType(String tensor, int type) {
        int dimensions = bytes.getInt(end(tensor));
        bytes.putInt(end(tensor) + 4 + 8 * dimensions, type);
        return this;
    }

    /** Of a tensor of two dimensions; what it takes in the file stays. */
    GgufPatch tensorSizes(String tensor, long first, long second) {
        bytes.putLong(end(tensor) + 4, first).putLong(end(tensor) + 4 + 8, second);
        return this;
    }

    /** The type of a key's value. */
    GgufPatch keyType(String key, int type) {
        bytes.putInt(end(key), type);
        return this;
    }

    /** The four bytes at this distance from the file's end. */
    GgufPatch tail(int distance, int value) {
        bytes.putInt(bytes.capacity() - distance, value);
        return this;
    }

    GgufPatch at(int offset, int value) {
        bytes.put(offset, (byte) value);
        return this;
    }

    public GgufPatch text(String found, String other) {
        bytes.put(end(found) - found.length(), other.getBytes(UTF_8));
        return this;
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, bytes.array());
    }

    /** Where the first occurrence ends. */
    private int end(String text) {
        byte[] wanted = text.getBytes(UTF_8);
        for (int i = 0; i + wanted.length <= bytes.capacity(); i++) {
            if (Arrays.equals(bytes.array(), i, i + wanted.length, wanted, 0, wanted.length)) {
                return i + wanted.length;
            }
        }
        throw new IllegalArgumentException("no " + text);
    }
}
