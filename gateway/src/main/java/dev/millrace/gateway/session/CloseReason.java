package dev.millrace.gateway.session;

/**
 * Why the gateway closes a socket. Clients take 1012 and 1013 for a reason to connect again.
 *
 * @see <a href="https://www.iana.org/assignments/websocket/websocket.xhtml">the registry of close codes</a>
 */
public enum CloseReason {
    /** "Service restart". */
    GATEWAY_STOPS(1012, "gateway_stops"),
    /** "Try again later": more waits for this client than is held for one. */
    TOO_SLOW(1013, "too_slow"),
    /** "Policy violation": a message was begun and did not end in time. */
    REQUEST_TIMEOUT(1008, "request_timeout");

    private final short code;
    private final String text;

    CloseReason(int code, String text) {
        this.code = (short) code;
        this.text = text;
    }

    public short code() {
        return code;
    }

    /** Stable and machine-readable. */
    public String text() {
        return text;
    }
}
