/**
 * The local stack in one JVM: a Kafka broker, a worker and a gateway, started by the main thread and stopped by the
 * shutdown hook. Owns their order.
 *
 * <p>The only package that may import all three.
 */
@NullMarked
package dev.millrace.compose;

import org.jspecify.annotations.NullMarked;
