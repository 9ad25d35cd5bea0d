package dev.millrace.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.internal.http.WebSocketInternal;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VertxSocketTest {
    private static final String FRAME = "x".repeat(64 << 10);
    /** Far more than the operating system takes. */
    private static final int FRAMES = 200;
    /** Of a frame, before its text. */
    private static final int HEAD_BYTES = 10;

    private final Vertx vertx = Vertx.vertx();
    private final WebSocketClient client = vertx.createWebSocketClient();
    private final AtomicLong waiting = new AtomicLong();

    @AfterEach
    void close() {
        join(vertx.close());
    }

    /** By its futures all that is above the operating system can be counted: in Vert.x's queue and in the channel's. */
    @Test
    void saysAFrameIsWrittenWhenItIsInNoBufferAnyMore() {
        Promise<Long> inChannel = Promise.promise();
        HttpServer server = join(vertx.createHttpServer()
                .connectionHandler(GatheredWrites::on)
                .requestHandler(request -> request.toWebSocket().onSuccess(socket -> {
                    fill(new VertxSocket(vertx, socket));
                    Channel channel =
                            ((WebSocketInternal) socket).channelHandlerContext().channel();
                    vertx.runOnContext(v -> inChannel.complete(bytes(channel)));
                }))
                .listen(0, "127.0.0.1"));

        WebSocket socket = join(client.connect(server.actualPort(), "127.0.0.1", "/"));
        socket.pause();
        long bytesInChannel = join(inChannel.future());
        long bytesWaiting = waiting.get();
        socket.resume(); // else it would not notice that it is closed

        assertThat(bytesInChannel).isPositive().isLessThanOrEqualTo(bytesWaiting + HEAD_BYTES * (long) FRAMES);
        assertThat(bytesWaiting).isGreaterThan(FRAME.length() * (FRAMES / 4L));
    }

    private void fill(VertxSocket socket) {
        for (int i = 0; i < FRAMES; i++) {
            waiting.addAndGet(FRAME.length());
            socket.write(FRAME).onComplete(written -> waiting.addAndGet(-FRAME.length()));
        }
    }

    private static long bytes(Channel channel) {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes();
    }

    private static <T> T join(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
