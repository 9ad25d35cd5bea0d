/**
 * The little that every process of the system needs besides its task: its settings, its life from start to SIGTERM, its
 * health, and the HTTP endpoint that shows it to operators.
 *
 * <p>Settings are read by the main thread before anything else starts. Health is written by whichever thread owns a
 * component and read by the endpoint's event loop.
 *
 * <p>May import Vert.x and the Prometheus client. Must not import Avro, Kafka or the events.
 */
@NullMarked
package dev.millrace.process;

import org.jspecify.annotations.NullMarked;
