/**
 * {@code make bench-engine}: the engine against the limit of what llama.cpp can do, and against llama-server. The
 * driver starts each peer as a process of its own and gives them the same loads by turns.
 */
@NullMarked
package dev.millrace.worker.bench;

import org.jspecify.annotations.NullMarked;
