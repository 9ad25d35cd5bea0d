package dev.millrace.gateway.dialect;

import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;

/**
 * A request for a response over HTTP, checked. Immutable.
 *
 * @param stream as events; else whole
 */
public record ResponseRequest(CreateResponse create, boolean stream) {}
