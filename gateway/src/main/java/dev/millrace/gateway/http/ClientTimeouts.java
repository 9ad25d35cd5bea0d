package dev.millrace.gateway.http;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.session.CloseReason;
import dev.millrace.gateway.session.SessionMetrics;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long one client may keep its connection waiting: for the rest of a request or of a WebSocket's message that has
 * begun, however its bytes are spread, and for any sign of life at all. It is one that a client takes some of what waits
 * for it; a client that awaits an answer, and has taken all, need give none. Vert.x only knows the time since the last
 * byte, and only its internals lead to the channel. Stands behind the decoder, which also passes on the end of each
 * reading that completed nothing. Owned by the connection's event loop.
 */
final class ClientTimeouts extends ChannelDuplexHandler {
    /** Of the shorter limit; so much later than that a client may be found late. */
    private static final int CHECKS = 4;

    private static final long NEVER = Long.MIN_VALUE;

    private final long messageNanos;
    private final long silenceNanos;
    private final AllowedOrigins origins;
    private final SessionMetrics metrics;

    private long heardNanos;
    private long begunNanos = NEVER;
    /** Whether there is more to come of a message of which a part has been decoded. */
    private boolean open;
    /** Of the request whose body is still to come. */
    private @Nullable HttpRequest head;

    private boolean decoded;
    /** Requests less answers: negative where one was refused before its end. */
    private int owed;

    /** What it had not taken when that was last looked at, and how much of its first part it had. */
    private @Nullable Object untaken;

    private long takenBytes;
    private boolean webSocket;
    private boolean refused;
    private @Nullable Future<?> checks;

    /** @param origins whose pages may read that their request was late */
    ClientTimeouts(HttpTimings timings, AllowedOrigins origins, SessionMetrics metrics) {
        this.messageNanos = timings.request().toNanos();
        this.silenceNanos = timings.silence().toNanos();
        this.origins = origins;
        this.metrics = metrics;
    }

    void watch(HttpConnection connection) {
        ChannelHandlerContext handler = ((ConnectionBase) connection).channelHandlerContext();
        handler.pipeline().addBefore(handler.name(), "timeouts", this);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        heardNanos = now(ctx);
        long period = Math.max(1, Math.min(messageNanos, silenceNanos) / CHECKS);
        checks = ctx.executor().scheduleAtFixedRate(() -> check(ctx), period, period, TimeUnit.NANOSECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (checks != null) {
            checks.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (refused) {
            ReferenceCountUtil.release(message);
            return;
        }
        decoded = true;
        if (message instanceof WebSocketFrame frame) {
            open = isData(frame) ? !frame.isFinalFragment() : open;
        } else if (message instanceof LastHttpContent) {
            open = false;
            head = null;
            owed++;
        } else if (message instanceof HttpRequest request) {
            open = true;
            head = request;
        }
        if (!open) {
            begunNanos = NEVER;
        }
        ctx.fireChannelRead(message);
    }

    private static boolean isData(WebSocketFrame frame) {
        return frame instanceof TextWebSocketFrame
                || frame instanceof BinaryWebSocketFrame
                || frame instanceof ContinuationWebSocketFrame;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        heardNanos = now(ctx);
        if (begunNanos == NEVER && (open || !decoded)) {
            begunNanos = heardNanos;
        }
        decoded = false;
        ctx.fireChannelReadComplete();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse response) {
            webSocket = response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
        }
        if (message instanceof LastHttpContent && !isInterim(message)) {
            owed--;
        }
        var unused = ctx.write(message, promise);
    }

    private static boolean isInterim(Object message) {
        return message instanceof HttpResponse response && response.status().equals(HttpResponseStatus.CONTINUE);
    }

    private void check(ChannelHandlerContext ctx) {
        long now = now(ctx);
        boolean takes = takes(ctx);
        if (untaken == null ? owed > 0 : takes) {
            heardNanos = now;
        }
        boolean reads = owed <= 0 && ctx.channel().config().isAutoRead();
        if (begunNanos != NEVER && !reads) {
            begunNanos = now; // what is not read cannot come
        }
        if (refused || now - heardNanos > silenceNanos) {
            close(ctx);
        } else if (begunNanos != NEVER && now - begunNanos > messageNanos) {
            refuse(ctx);
        }
    }

    /** Whether it has taken something since the last check. */
    private boolean takes(ChannelHandlerContext ctx) {
        ChannelOutboundBuffer waiting = ctx.channel().unsafe().outboundBuffer();
        Object first = waiting == null ? null : waiting.current();
        long bytes = waiting == null ? 0 : waiting.currentProgress();
        boolean takes = first != untaken || bytes != takenBytes;
        untaken = first;
        takenBytes = bytes;
        return takes;
    }

    private void close(ChannelHandlerContext ctx) {
        if (!refused && untaken != null) {
            metrics.onTooSlow();
        }
        var unused = ctx.close();
    }

    /** What still comes is passed over until the next check: closed at once, it might not read why. */
    private void refuse(ChannelHandlerContext ctx) {
        refused = true;
        metrics.onRefused(ErrorCode.REQUEST_TIMEOUT.code());
        Object last = webSocket
                ? new CloseWebSocketFrame(CloseReason.REQUEST_TIMEOUT.code(), CloseReason.REQUEST_TIMEOUT.text())
                : owed == 0 ? answer() : Unpooled.EMPTY_BUFFER;
        var unused = ctx.writeAndFlush(last).addListener(written -> sayNoMore(ctx.channel()));
    }

    private static void sayNoMore(Channel channel) {
        if (channel instanceof DuplexChannel duplex) {
            var unused = duplex.shutdownOutput();
        }
    }

    private FullHttpResponse answer() {
        ApiError error = ApiError.of(
                ErrorCode.REQUEST_TIMEOUT,
                "a request must be complete within " + TimeUnit.NANOSECONDS.toMillis(messageNanos) + " ms");
        byte[] body = error.encode().getBytes(StandardCharsets.UTF_8);
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(error.status()), Unpooled.wrappedBuffer(body));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                .set(HttpHeaderNames.CONNECTION, "close")
                .set("x-should-retry", error.mayBeRepeated());
        allowReading(response);
        return response;
    }

    /** Where the head is not there yet, nobody knows whose page asks, and its browser keeps the answer from it. */
    private void allowReading(HttpResponse response) {
        String origin = head == null ? null : head.headers().get(HttpHeaderNames.ORIGIN);
        if (head != null && origins.allow(head.headers().get(HttpHeaderNames.HOST), origin)) {
            AllowedOrigins.leaveToRead(origin).forEach(response.headers()::set);
        }
    }

    private static long now(ChannelHandlerContext ctx) {
        return ctx.executor().ticker().nanoTime();
    }
}
