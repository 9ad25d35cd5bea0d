package dev.millrace.gateway.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;

/**
 * A client that pings and does not read: Vert.x answers every ping, and the answers would pile up where no session counts
 * them. As long as the channel is full, pings are passed over. Owned by the connection's event loop.
 */
final class PingLimit extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext channel, Object message) {
        if (message instanceof PingWebSocketFrame ping && !channel.channel().isWritable()) {
            ping.release();
        } else {
            channel.fireChannelRead(message);
        }
    }
}
