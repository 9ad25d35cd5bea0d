package dev.millrace.compose.bench.gateway;

import java.nio.file.Path;
import java.util.Map;

/**
 * What a run is told.
 *
 * @param seconds that each load is measured, besides a warm-up of four
 * @param rounds with and without a stalled socket
 * @param reports folder to write to
 */
record Parameters(int seconds, int rounds, int idleSockets, Path reports) {
    Parameters {
        if (seconds < 1 || rounds < 1 || idleSockets < 1) {
            throw new IllegalArgumentException("DURATION, ROUNDS and IDLE_SOCKETS are at least 1");
        }
    }

    static Parameters from(Map<String, String> environment) {
        return new Parameters(
                Integer.parseInt(environment.getOrDefault("DURATION", "10")),
                Integer.parseInt(environment.getOrDefault("ROUNDS", "3")),
                Integer.parseInt(environment.getOrDefault("IDLE_SOCKETS", "5000")),
                Path.of(environment.getOrDefault("REPORTS", "../docs/bench")));
    }
}
