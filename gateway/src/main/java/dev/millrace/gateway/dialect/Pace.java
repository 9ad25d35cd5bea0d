package dev.millrace.gateway.dialect;

import org.jspecify.annotations.Nullable;

/**
 * How fast a response came, as this gateway saw it; unlike the worker's timings it spans a takeover.
 *
 * @param timeToFirstTokenMs from the client's event to the first tokens; null: none came
 * @param tokensPerSecond from the first tokens to the end; null: too few to tell
 */
public record Pace(
        @Nullable Double timeToFirstTokenMs, @Nullable Double tokensPerSecond) {}
