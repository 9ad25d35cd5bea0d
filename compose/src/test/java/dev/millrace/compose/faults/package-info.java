/**
 * The fault matrix: rows of faults against running streams, and the count of what readers saw of them. {@link
 * dev.millrace.compose.faults.FaultMatrix} runs it; {@code make test-faults} at length, the build in short.
 *
 * <p>Broker and workers are processes of their own. The matrix runs on its main thread; a {@link
 * dev.millrace.compose.faults.LogReader} reads on another.
 */
@NullMarked
package dev.millrace.compose.faults;

import org.jspecify.annotations.NullMarked;
