package dev.millrace.worker.bench;

import dev.millrace.worker.llama.Device;
import java.nio.file.Path;

/**
 * What all peers are opened with.
 *
 * @param kvCells of all sequences together
 */
record Setting(Path model, Device device, int kvCells, int sequences, int threads) {
    /** Room for so many completions of {@link Load#random random prompts} at once, of so many tokens each. */
    static Setting of(Path model, Device device, int sequences, int tokens, int threads) {
        return new Setting(model, device, Load.kvCells(sequences, tokens), sequences, threads);
    }

    boolean onGpu() {
        return device instanceof Device.Gpu;
    }
}
