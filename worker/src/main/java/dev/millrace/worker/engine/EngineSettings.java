package dev.millrace.worker.engine;

/**
 * What one engine is told once.
 *
 * @param name of the engine's thread
 * @param modelContextTokens the most tokens of one prompt and its completion that the model knows
 * @param pace how fast a stream may go
 */
public record EngineSettings(String name, int modelContextTokens, Pace pace) {}
