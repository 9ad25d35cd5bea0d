package dev.millrace.worker.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Unpacks what the native side says about a model file: numbers of 8 bytes, and texts as their length and UTF-8. */
final class GgufReader {
    private static final int SUMMARY_BYTES = 16 * 1024;

    private final ByteBuffer summary = ByteBuffer.allocateDirect(SUMMARY_BYTES).order(ByteOrder.nativeOrder());

    private GgufReader() {}

    static GgufFile read(Path file) {
        GgufReader reader = new GgufReader();
        LlamaModel.checkFile(file, inspect(LlamaLibrary.bytes(file), reader.summary, SUMMARY_BYTES));
        return reader.unpack();
    }

    private GgufFile unpack() {
        String architecture = text();
        String name = text();
        int contextTokens = number();
        long bytes = summary.getLong();
        int tensors = number();
        Map<String, Integer> types = new TreeMap<>();
        Set<String> quantized = new TreeSet<>();
        for (int left = number(); left > 0; left--) {
            String type = text();
            types.put(type, number());
            if (number() != 0) {
                quantized.add(type);
            }
        }
        return new GgufFile(architecture, name, contextTokens, bytes, tensors, types, quantized);
    }

    private int number() {
        return Math.toIntExact(summary.getLong());
    }

    private String text() {
        byte[] text = new byte[number()];
        summary.get(text);
        return new String(text, UTF_8);
    }

    private static native long inspect(byte[] file, ByteBuffer summary, int summaryBytes);
}
