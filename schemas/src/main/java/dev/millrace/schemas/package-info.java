/**
 * What crosses a process: the events and their encoding, the topics they lie in, and the rule by which a prompt's
 * reply events are read.
 *
 * <p>Has no thread of its own. What is shared between threads says so; what is not has one owner.
 *
 * <p>May import Avro and kafka-clients. Must not import Vert.x, the worker or the gateway.
 */
@NullMarked
package dev.millrace.schemas;

import org.jspecify.annotations.NullMarked;
