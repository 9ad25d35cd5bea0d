/**
 * What is said on a client's socket: OpenAI's Responses dialect in its WebSocket mode, with some events of our own.
 * Client events are read and checked here, server events written.
 *
 * <p>Has no thread of its own and keeps nothing but the numbering of one response's events. Imports {@code schemas};
 * knows neither Kafka nor Vert.x beyond its JSON.
 */
@NullMarked
package dev.millrace.gateway.dialect;

import org.jspecify.annotations.NullMarked;
