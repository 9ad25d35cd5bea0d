package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Unpacks what the native side says about a model file. */
final class GgufReader {
    private GgufReader() {}

    static GgufFile read(Path file) {
        Summary summary = new Summary();
        LlamaModel.checkFile(file, inspect(LlamaLibrary.bytes(file), summary.memory(), Summary.BYTES));
        return unpack(summary);
    }

    private static GgufFile unpack(Summary summary) {
        String architecture = summary.text();
        String name = summary.text();
        int contextTokens = summary.integer();
        long bytes = summary.number();
        int tensors = summary.integer();
        Map<String, Integer> types = new TreeMap<>();
        Set<String> quantized = new TreeSet<>();
        for (int left = summary.integer(); left > 0; left--) {
            String type = summary.text();
            types.put(type, summary.integer());
            if (summary.integer() != 0) {
                quantized.add(type);
            }
        }
        return new GgufFile(architecture, name, contextTokens, bytes, tensors, types, quantized);
    }

    private static native long inspect(byte[] file, ByteBuffer summary, int summaryBytes);
}
