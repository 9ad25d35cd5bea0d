package dev.millrace.gateway.session;

import java.time.Duration;

/**
 * What one client may take.
 *
 * @param mostRunning responses at once
 * @param mostQueuedBytes given to its socket and not taken by the operating system; beyond them its deltas are held
 *     back. They become one when it takes more
 * @param mostPendingCharacters of text held back; beyond them its socket is closed
 * @param mostPendingFrames other than deltas that are held back; beyond them its socket is closed
 * @param grace how long its responses go on without it, before they are cancelled
 */
public record SessionLimits(
        int mostRunning, int mostQueuedBytes, int mostPendingCharacters, int mostPendingFrames, Duration grace) {
    private static final int MOST_QUEUED_BYTES = 256 << 10;
    private static final int MOST_PENDING_CHARACTERS = 1 << 20;
    private static final int MOST_PENDING_FRAMES = 256;
    private static final int MOST_RUNNING = 32;

    public static SessionLimits of(Duration grace) {
        return new SessionLimits(MOST_RUNNING, MOST_QUEUED_BYTES, MOST_PENDING_CHARACTERS, MOST_PENDING_FRAMES, grace);
    }
}
