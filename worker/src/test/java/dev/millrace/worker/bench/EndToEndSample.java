package dev.millrace.worker.bench;

import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * One peer in one round.
 *
 * @param tokensPerSecond of all clients together, from asking to the end of the last answer
 * @param firstTokenMs from asking to the first text, median of all requests
 * @param promptTokens as the peer counted them, on average
 */
record EndToEndSample(
        String model,
        int clients,
        int round,
        String peer,
        double tokensPerSecond,
        double firstTokenMs,
        double promptTokens) {
    private static final double NANOS_PER_MS = 1e6;

    static double medianMs(List<Long> nanos) {
        return Ratio.median(
                        nanos.stream().mapToDouble(Long::doubleValue).sorted().toArray())
                / NANOS_PER_MS;
    }

    JsonObject json() {
        return new JsonObject()
                .put("model", model)
                .put("clients", clients)
                .put("round", round)
                .put("peer", peer)
                .put("tokensPerSecond", tokensPerSecond)
                .put("firstTokenMs", firstTokenMs)
                .put("promptTokens", promptTokens);
    }
}
