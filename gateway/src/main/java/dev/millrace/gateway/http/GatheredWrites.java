package dev.millrace.gateway.http;

import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * All that one turn of the event loop writes to a connection leaves in one system call, at the end of the turn: the
 * frames of many responses, the events of one, a close. Vert.x would make a call for each. It has no public way to write
 * without a flush, and only its internals lead to the channel.
 */
final class GatheredWrites {
    private GatheredWrites() {}

    /** Of a connection that has just opened; holds also when it becomes a WebSocket. */
    static void on(HttpConnection connection) {
        ((ConnectionBase) connection)
                .channelHandlerContext()
                .pipeline()
                .addFirst(
                        "gathered-writes",
                        new FlushConsolidationHandler(
                                FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
    }
}
