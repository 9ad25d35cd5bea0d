/**
 * {@code make bench-gateway}: what a gateway relays, how soon, and what an idle socket costs. Broker, gateway and clients
 * are processes of their own; the benchmark's own process stands in for workers.
 */
@NullMarked
package dev.millrace.compose.bench.gateway;

import org.jspecify.annotations.NullMarked;
