/**
 * One client's socket and the responses that run on it, or one request over HTTP.
 *
 * <p>A {@link dev.millrace.gateway.session.Session} and all it has is owned by the event loop of its socket. The poll
 * thread hands it batches of reply events as tasks on that loop, one for each poll. What a slow client has not taken is
 * held here, within bounds, and holds back nobody else. Imports {@code dialect}, {@code kafka} and {@code schemas}.
 */
@NullMarked
package dev.millrace.gateway.session;

import org.jspecify.annotations.NullMarked;
