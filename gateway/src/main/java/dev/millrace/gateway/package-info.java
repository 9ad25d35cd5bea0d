/**
 * The gateway process: its configuration and how its parts are put together. It relays reply events to chat clients and
 * owns no state that must survive it. {@link dev.millrace.gateway.GatewayMain} starts a {@link
 * dev.millrace.gateway.Gateway}, which {@link dev.millrace.gateway.WarmUp} prepares; a prompt passes the packages {@code
 * http}, {@code session}, {@code dialect} and {@code kafka} on its way in, and its answer on the way back.
 *
 * <p>May import {@code dev.millrace.schemas} and {@code dev.millrace.process}; never the worker.
 */
@NullMarked
package dev.millrace.gateway;

import org.jspecify.annotations.NullMarked;
