package dev.millrace.worker.llama;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * What is in a model file, read without loading the model.
 *
 * @param architecture   llama.cpp's name of it, such as {@code qwen3}
 * @param name           the model's own name; empty if it has none
 * @param contextTokens  the context that the model was trained for
 * @param bytes          the size of the file
 * @param tensors        how many tensors the file has
 * @param tensorTypes    how many of each type, such as {@code f16}
 * @param quantizedTypes the types among these that are quantised. The file's own claim of a type is not looked at: it
 *                       can lie
 */
public record GgufFile(
        String architecture,
        String name,
        int contextTokens,
        long bytes,
        int tensors,
        Map<String, Integer> tensorTypes,
        Set<String> quantizedTypes) {
    public GgufFile {
        tensorTypes = Map.copyOf(tensorTypes);
        quantizedTypes = Set.copyOf(quantizedTypes);
    }

    /**
     * Looks into a file, and makes sure that it is whole as far as its head can tell.
     *
     * @param library only so that nobody calls before the native library is open
     * @throws LlamaException {@link LlamaError#FILE_UNREADABLE}, {@link LlamaError#FILE_DAMAGED} or
     *     {@link LlamaError#MODEL_UNSUPPORTED}
     */
    public static GgufFile inspect(LlamaLibrary library, Path file) {
        return GgufReader.read(file);
    }

    /** Whether the matrices are 16-bit floats and everything else is 16 or 32-bit floats. */
    public boolean isF16() {
        return tensorTypes.containsKey("f16") && Set.of("f16", "f32").containsAll(tensorTypes.keySet());
    }
}
