package dev.millrace.worker.engine;

/**
 * How busy an engine is.
 *
 * @param runningPrompts completions on the device
 * @param queuedPrompts prompts that wait for a slot
 * @param freeKvCells tokens for which the KV cache has room, or would have without what nobody uses
 * @param kvCells tokens that the KV cache holds at most
 */
public record EngineLoad(int runningPrompts, int queuedPrompts, int freeKvCells, int kvCells) {}
