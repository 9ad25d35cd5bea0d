/**
 * Where clients come in: the WebSocket, the HTTP API and the files of the chat page.
 *
 * <p>An {@link dev.millrace.gateway.http.HttpVerticle} is one event loop with its share of the connections; there are
 * as many as the machine has use for. Imports {@code session}, and of {@code
 * dialect} the errors and the list of models; knows neither Kafka nor what the events say.
 */
@NullMarked
package dev.millrace.gateway.http;

import org.jspecify.annotations.NullMarked;
