package dev.millrace.compose.faults;

import dev.millrace.compose.JavaProcess;
import java.nio.file.Path;

/**
 * One worker process.
 *
 * @param id of its only device, as it stands in claims
 * @param proxied whether it reaches the broker through the proxy
 */
record Worker(String id, JavaProcess process, Path model, boolean proxied) {}
