package dev.millrace.worker;

import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.GgufFile;
import dev.millrace.worker.llama.LlamaException;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LlamaModel;
import java.nio.file.Path;
import java.util.TreeMap;

/**
 * A model that may be served: a whole GGUF file of a ChatML model, with F16 weights unless others are allowed.
 *
 * @param name what prompts ask for
 * @param kvBytesPerToken what one token takes in the KV cache
 */
record ModelFile(Path path, String name, GgufFile gguf, long kvBytesPerToken) {
    /**
     * Looks into the file without loading it.
     *
     * @throws LlamaException when the file cannot be read, is damaged, or is nothing that llama.cpp can run
     * @throws StartFailure when its weights are of another type than allowed
     */
    static ModelFile check(LlamaLibrary library, WorkerConfig config) {
        Path path = config.model();
        GgufFile gguf = GgufFile.inspect(library, path);
        if (!gguf.isF16() && !config.allowQuantized()) {
            throw StartProblem.WEIGHTS.failure(path + " has tensors of the types " + new TreeMap<>(gguf.tensorTypes())
                    + "; use the F16 file of the model, or set allow-quantized");
        }
        return new ModelFile(path, config.servedModel(), gguf, LlamaModel.kvBytesPerToken(library, path));
    }

    /**
     * The digest of weights and tokenizer, which are all in this one file: only a worker with the same may continue a
     * completion. Takes some seconds for eight gigabytes.
     */
    String digest() {
        return FileDigest.of(path);
    }
}
