package dev.millrace.gateway.http;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.timeout.IdleStateHandler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import org.jspecify.annotations.Nullable;

/**
 * A connection whose client has nothing to say while it waits for its answer, however long that takes; a WebSocket's
 * answers pings. Vert.x closes all that are silent, and only its internals lead to what does. Owned by its event loop.
 */
final class SilentConnection {
    private final ChannelPipeline pipeline;
    private @Nullable String next;
    private @Nullable IdleStateHandler removed;

    private SilentConnection(ChannelPipeline pipeline) {
        this.pipeline = pipeline;
    }

    static SilentConnection of(HttpServerRequest request) {
        return new SilentConnection(
                ((ConnectionBase) request.connection()).channelHandlerContext().pipeline());
    }

    void mayNotBeClosed() {
        IdleStateHandler idle = pipeline.get(IdleStateHandler.class);
        if (idle != null) {
            next = pipeline.names()
                    .get(pipeline.names().indexOf(pipeline.context(idle).name()) + 1);
            removed = idle;
            pipeline.remove(idle);
        }
    }

    /** The next request may be long in coming. */
    void mayBeClosed() {
        if (removed != null && next != null && pipeline.get(next) != null) {
            pipeline.addBefore(next, "idle", HttpVerticle.idle());
            removed = null;
        }
    }
}
