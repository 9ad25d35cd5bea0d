/**
 * {@code make ask}: a client of the public contract alone, as anybody could write it. Owns one prompt, from the text on
 * standard input to the answer on standard output, on the main thread.
 *
 * <p>May import {@code dev.millrace.schemas}, {@code dev.millrace.process} and kafka-clients; neither the broker nor the
 * worker.
 */
@NullMarked
package dev.millrace.compose.ask;

import org.jspecify.annotations.NullMarked;
