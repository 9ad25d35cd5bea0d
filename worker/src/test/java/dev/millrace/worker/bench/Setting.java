package dev.millrace.worker.bench;

import java.nio.file.Path;

/**
 * What all peers are opened with.
 *
 * @param tokens of each completion
 */
record Setting(Path model, int sequences, int tokens, int threads) {
    int kvCells() {
        return Load.kvCells(sequences, tokens);
    }
}
