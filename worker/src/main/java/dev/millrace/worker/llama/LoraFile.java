package dev.millrace.worker.llama;

import java.nio.file.Path;

/**
 * What is in the file of a LoRA adapter.
 *
 * @param rank the greatest, where they differ
 * @param matrices how many of the model's it changes
 * @param bytes the size of the file
 */
public record LoraFile(int rank, int matrices, long bytes) {
    /**
     * Makes sure that a file is a whole LoRA adapter of 16 or 32-bit floats that fits a model. Reads it all, and the
     * model's head.
     *
     * @param library only so that nobody calls before the native library is open
     * @throws LlamaException {@link LlamaError#FILE_UNREADABLE}, {@link LlamaError#FILE_DAMAGED} or
     *     {@link LlamaError#MODEL_UNSUPPORTED}
     */
    public static LoraFile inspect(LlamaLibrary library, Path file, Path model) {
        return LoraReader.read(file, model);
    }
}
