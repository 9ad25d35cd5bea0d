package dev.millrace.worker.engine;

/**
 * What one engine is told once.
 *
 * @param name of the engine's thread
 * @param modelContextTokens the most tokens of one prompt and its completion that the model knows
 * @param slots completions that run at once at most
 * @param prefillTokens the most prompt tokens of a step while others generate, who wait for it
 * @param hostCacheBytes host memory for what had to leave the KV cache and may be of use again; 0: none
 * @param pace how fast a stream may go
 */
public record EngineSettings(
        String name, int modelContextTokens, int slots, int prefillTokens, long hostCacheBytes, Pace pace) {
    /** Prompts take all of a step that nobody else needs. */
    public static final int NO_BUDGET = Integer.MAX_VALUE;
}
