package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ApiError;

/** The answer to one HTTP request: a stream of events, whose first one begins it, or whole. */
public interface HttpReply extends ClientSocket {
    /** Whether the client has been sent something, so that the status is no longer to be chosen. */
    boolean begun();

    /** Answers with this JSON, and is done. */
    void answer(String json);

    /** Answers with an error, and is done. */
    void refuse(ApiError error);

    /** The stream is complete. */
    void end();
}
