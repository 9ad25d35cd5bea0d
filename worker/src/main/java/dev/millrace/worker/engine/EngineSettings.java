package dev.millrace.worker.engine;

/**
 * What one engine is told once.
 *
 * @param name of the engine's thread
 * @param contextTokens the most tokens of one prompt and its completion, as far as the KV cache holds them
 * @param slots completions that run at once at most
 * @param prefillShare percent of a step's time that prompts may take while others generate, 1 to {@link #NO_BUDGET}
 * @param hostCacheBytes host memory for what had to leave the KV cache and may be of use again; 0: none
 * @param pace how fast a stream may go
 */
public record EngineSettings(
        String name, int contextTokens, int slots, int prefillShare, long hostCacheBytes, Pace pace) {
    /** Prompts take all of a step that nobody else needs. */
    public static final int NO_BUDGET = PrefillBudget.WHOLE_STEP;
}
