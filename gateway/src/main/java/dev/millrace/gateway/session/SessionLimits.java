package dev.millrace.gateway.session;

import java.time.Duration;

/**
 * What one client may take.
 *
 * @param mostRunning responses at once
 * @param mostWaitingBytes for its socket, wherever they wait; before more do it is closed
 * @param grace how long its responses go on without it, before they are cancelled
 */
public record SessionLimits(int mostRunning, int mostWaitingBytes, Duration grace) {
    public static final int DEFAULT_WAITING_BYTES = 1 << 20;

    private static final int MOST_RUNNING = 32;

    public static SessionLimits of(Duration grace) {
        return of(DEFAULT_WAITING_BYTES, grace);
    }

    public static SessionLimits of(int mostWaitingBytes, Duration grace) {
        return new SessionLimits(MOST_RUNNING, mostWaitingBytes, grace);
    }

    /**
     * So much of it as frames, which the operating system has not taken. Beyond them text is kept back, and its deltas
     * become one.
     */
    int mostQueuedBytes() {
        return mostWaitingBytes / 4;
    }

    /**
     * So much of what was said earlier is read ahead of the client. As JSON text may be some times as long, and still
     * fits.
     */
    int mostEarlierBytes() {
        return mostWaitingBytes / 8;
    }
}
