package dev.millrace.gateway.session;

import io.vertx.core.Future;

/** The wire to one client. Called on the event loop that owns it. */
public interface ClientSocket {
    /** Completes when the operating system has taken the frame, on the same event loop; fails when the client is gone. */
    Future<Void> write(String frame);

    /** No more frames are read until {@link #resume}. */
    void pause();

    void resume();

    /** Says why, and cuts the connection soon after: a client that does not read would not hear it. Idempotent. */
    void close(CloseReason reason);
}
