package dev.millrace.gateway.http;

import java.time.Duration;

/**
 * How long a client may keep its connection waiting, and how often the gateway speaks on one that is quiet.
 *
 * @param request for one request, or one message of a WebSocket, to come in
 * @param silence of a client that neither says something, nor takes what waits for it, nor waits for an answer itself; a
 *     live one answers each ping
 * @param ping of a WebSocket
 * @param keepAlive of a stream of events that had none meanwhile
 */
public record HttpTimings(Duration request, Duration silence, Duration ping, Duration keepAlive) {
    private static final Duration SILENCE = Duration.ofSeconds(60);
    private static final Duration PING = Duration.ofSeconds(20);
    /** Twice this is shorter than the patience of proxies; so long that most refusals come before and have their status. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    public static HttpTimings of(Duration request) {
        return new HttpTimings(request, SILENCE, PING, KEEP_ALIVE);
    }
}
