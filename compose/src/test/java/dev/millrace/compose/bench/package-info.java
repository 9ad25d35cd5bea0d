/** Benchmarks over the whole path. Each is a main class that a make target runs on the class path of the product. */
@NullMarked
package dev.millrace.compose.bench;

import org.jspecify.annotations.NullMarked;
