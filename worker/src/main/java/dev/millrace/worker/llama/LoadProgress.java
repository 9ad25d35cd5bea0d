package dev.millrace.worker.llama;

/** Hears how far the loading of a model has come, on the thread that loads. */
@FunctionalInterface
public interface LoadProgress {
    /** Loads without a word. */
    LoadProgress SILENT = fraction -> true;

    /**
     * Called many times a second.
     *
     * @param fraction 0 to 1, never less than before
     * @return false to stop loading
     */
    boolean onProgress(float fraction);
}
