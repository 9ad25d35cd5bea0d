package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Unpacks what the native side says about an adapter's file. */
final class LoraReader {
    private LoraReader() {}

    static LoraFile read(Path file, Path model) {
        Summary summary = new Summary();
        byte[] name = LlamaLibrary.bytes(file);
        LlamaModel.checkFile(file, inspect(name, LlamaLibrary.bytes(model), summary.memory(), Summary.BYTES));
        return new LoraFile(summary.integer(), summary.integer(), summary.number());
    }

    private static native long inspect(byte[] file, byte[] model, ByteBuffer summary, int summaryBytes);
}
