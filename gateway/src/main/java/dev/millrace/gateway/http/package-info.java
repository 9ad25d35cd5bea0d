/**
 * Where clients come in: the WebSocket of the dialect and the files of the chat page.
 *
 * <p>An {@link dev.millrace.gateway.http.HttpVerticle} is one event loop with its share of the connections; there are
 * as many as the machine has use for. Imports {@code session}; knows neither Kafka nor what the events say.
 */
@NullMarked
package dev.millrace.gateway.http;

import org.jspecify.annotations.NullMarked;
