/**
 * The local stack in one JVM: a Kafka broker and a worker, each started by the main thread and stopped by the shutdown
 * hook. Owns the order of both.
 *
 * <p>The only package that may import the broker and the worker together.
 */
@NullMarked
package dev.millrace.compose;

import org.jspecify.annotations.NullMarked;
