/**
 * The container files, checked without Docker, and the path on the official Kafka image where there is Docker. All on
 * the test's thread.
 */
@NullMarked
package dev.millrace.compose.containers;

import org.jspecify.annotations.NullMarked;
