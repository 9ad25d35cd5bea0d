/**
 * The gateway: relays reply events to chat clients. It owns no state that must survive it; a client resumes from its
 * cursor at any gateway.
 *
 * <p>May import {@code dev.millrace.schemas} and {@code dev.millrace.process}; never the worker.
 */
@NullMarked
package dev.millrace.gateway;

import org.jspecify.annotations.NullMarked;
