/**
 * What clients say and hear: OpenAI's Responses dialect in its WebSocket mode and its chat completions over HTTP, with
 * some events and parameters of our own. What comes from clients is read and checked here, what goes to them written.
 *
 * <p>Has no thread of its own and keeps nothing but the numbering of one response's events. Imports {@code schemas};
 * knows neither Kafka nor Vert.x beyond its JSON.
 */
@NullMarked
package dev.millrace.gateway.dialect;

import org.jspecify.annotations.NullMarked;
