package dev.millrace.gateway.http;

import dev.millrace.gateway.session.ClientSocket;
import dev.millrace.gateway.session.CloseReason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.internal.http.WebSocketInternal;
import org.jspecify.annotations.Nullable;

/** A Vert.x socket. Owned by its event loop. */
final class VertxSocket implements ClientSocket {
    /** For a client to take what was written before, so that it reads why it is closed. */
    static final long PATIENCE_MS = 5_000;

    private static final Buffer EMPTY = Buffer.buffer();

    private final Vertx vertx;
    private final ServerWebSocket socket;
    /** Frames that the operating system has not taken. */
    private int unwritten;

    private @Nullable CloseReason reason;

    VertxSocket(Vertx vertx, ServerWebSocket socket) {
        this.vertx = vertx;
        this.socket = socket;
    }

    /**
     * A text that is no UTF-8 closes the socket with 1007, as the WebSocket protocol has it; Vert.x would put other
     * characters in its place and go on. Pings are answered as long as the client reads.
     */
    void checkFrames() {
        ChannelHandlerContext handler = ((WebSocketInternal) socket).channelHandlerContext();
        handler.pipeline()
                .addBefore(handler.name(), "utf8", new Utf8FrameValidator())
                .addBefore(handler.name(), "pings", new PingLimit());
    }

    @Override
    public Future<Void> write(String frame) {
        unwritten++;
        return socket.writeTextMessage(frame).onComplete(written -> onWritten());
    }

    private void onWritten() {
        unwritten--;
        sayWhy();
    }

    /** The answer to it is a sign of life. */
    void ping() {
        if (reason == null) {
            socket.writePing(EMPTY);
        }
    }

    @Override
    public void pause() {
        socket.pause();
    }

    @Override
    public void resume() {
        socket.resume();
    }

    @Override
    public void close(CloseReason why) {
        if (reason == null) {
            reason = why;
            sayWhy();
            vertx.setTimer(PATIENCE_MS, timer -> cut());
        }
    }

    private void sayWhy() {
        if (reason != null && unwritten == 0) {
            socket.close(reason.code(), reason.text());
        }
    }

    /**
     * Vert.x would close when all that was written has gone out, which for a client that does not read is never. Only
     * its internal interface leads to the channel.
     */
    private void cut() {
        if (unwritten > 0) {
            var unused = ((WebSocketInternal) socket).channelHandlerContext().close();
        }
    }
}
