package dev.millrace.worker;

import dev.millrace.process.StartFailure;
import dev.millrace.worker.llama.LlamaException;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.LoraFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A LoRA adapter that prompts may name: a whole F16 file {@code NAME.gguf} that fits the model.
 *
 * @param digest of the whole file
 */
record AdapterFile(Path path, String name, LoraFile lora, String digest) {
    private static final String ENDING = ".gguf";

    /**
     * The files of a folder, by name; none where there is no folder.
     *
     * @throws StartFailure when the folder cannot be read
     */
    static List<Path> in(@Nullable Path folder) {
        if (folder == null) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ENDING))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw StartProblem.ADAPTER.failure("the folder " + folder + " cannot be read");
        }
    }

    /**
     * Looks into a file without loading it.
     *
     * @throws StartFailure when it is not an adapter for this model
     */
    static AdapterFile check(LlamaLibrary library, Path path, Path model) {
        String file = String.valueOf(path.getFileName());
        String name = file.substring(0, file.length() - ENDING.length());
        try {
            LoraFile lora = LoraFile.inspect(library, path, model);
            return new AdapterFile(path, name, lora, FileDigest.of(path));
        } catch (LlamaException e) {
            throw StartProblem.ADAPTER.failure(e.detail());
        }
    }
}
