package dev.millrace.gateway.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * All that one turn of the event loop writes to a connection leaves in one system call when the turn is over: the frames
 * of several responses, the events of one. Vert.x would make a call for each; it has no public way to write without a
 * flush, and only its internals lead to the channel. What fills the channel's buffer leaves at once, so that the system
 * has had it before anybody judges how much waits. Owned by the connection's event loop.
 */
final class GatheredWrites extends ChannelOutboundHandlerAdapter {
    private boolean scheduled;

    private GatheredWrites() {}

    /** Of a connection that has just opened; holds also when it becomes a WebSocket. */
    static void on(HttpConnection connection) {
        ((ConnectionBase) connection)
                .channelHandlerContext()
                .pipeline()
                .addFirst("gathered-writes", new GatheredWrites());
    }

    @Override
    public void flush(ChannelHandlerContext channel) {
        if (!channel.channel().isWritable()) {
            channel.flush();
        } else if (!scheduled) {
            scheduled = true;
            channel.executor().execute(() -> {
                scheduled = false;
                channel.flush();
            });
        }
    }

    @Override
    public void close(ChannelHandlerContext channel, ChannelPromise closed) {
        channel.flush();
        var unused = channel.close(closed);
    }
}
