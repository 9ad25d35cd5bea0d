package dev.millrace.worker.bench;

import io.vertx.core.json.JsonObject;

/** What one peer did in one round. Tokens per second; those of decoding are 0 where the peer cannot tell. */
record Sample(
        String model,
        int sequences,
        int round,
        String peer,
        Sampling sampling,
        double decodeTokensPerSecond,
        double endToEndTokensPerSecond) {
    static final String ENGINE = "engine";
    /** The engine without what it does for exactness. */
    static final String INEXACT = "engine-inexact";

    static final String BARE = "bare";
    /** The same with cells of its own for each sequence. */
    static final String SEPARATE = "separate";

    /** The engine without candidates. */
    static final String WHOLE_ROWS = "whole-rows";

    /** The engine with candidates where it does without by itself. */
    static final String CANDIDATES = "candidates";

    static final String SERVER = "llama-server";
    /** The same with its own sampling on the device. */
    static final String SERVER_BACKEND = "llama-server-backend";

    JsonObject json() {
        return JsonObject.mapFrom(this).put("sampling", sampling.toString());
    }
}
