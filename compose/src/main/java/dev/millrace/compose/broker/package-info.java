/**
 * A real Kafka broker inside this JVM, for the local stack and the tests. Owns the broker's properties, its data
 * directory and its two sockets. Runs on Kafka's own threads.
 *
 * <p>The only package that may import Kafka's server classes ({@code kafka.*}, {@code org.apache.kafka.metadata},
 * {@code org.apache.kafka.server}): they are not a public API and change with the version.
 */
@NullMarked
package dev.millrace.compose.broker;

import org.jspecify.annotations.NullMarked;
