package dev.millrace.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How often the operating system is called for what a turn of the event loop writes, on real connections. */
class GatheredWritesTest {
    private static final int FRAMES = 20;

    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger flushes = new AtomicInteger();

    @AfterEach
    void close() {
        join(vertx.close());
    }

    @Test
    void writesTheFramesOfATurnAtOnceToAWebSocket() {
        HttpServer server = serve(request -> request.toWebSocket().onSuccess(socket -> {
            VertxSocket client = new VertxSocket(vertx, socket);
            socket.textMessageHandler(asked -> inAnotherTurn(() -> writeAll(client::write)));
        }));
        WebSocketClient client = vertx.createWebSocketClient();
        WebSocket socket = join(client.connect(server.actualPort(), "127.0.0.1", "/"));
        List<String> frames = new ArrayList<>();
        Future<Void> all = Future.future(heard -> socket.textMessageHandler(frame -> {
            frames.add(frame);
            if (frames.size() == FRAMES) {
                heard.complete();
            }
        }));
        flushes.set(0);

        join(socket.writeTextMessage("go"));
        join(all);

        assertThat(frames).isEqualTo(frames());
        assertThat(flushes).hasValue(1);
    }

    @Test
    void writesTheEventsOfATurnAtOnceToAStream() {
        HttpServer server = serve(request -> inAnotherTurn(() -> {
            VertxReply reply = new VertxReply(vertx, request);
            writeAll(reply::write);
            reply.end();
        }));

        Buffer body = join(vertx.createHttpClient()
                .request(HttpMethod.GET, server.actualPort(), "127.0.0.1", "/")
                .compose(request -> request.send().compose(response -> response.body())));

        assertThat(body).hasToString(String.join("", frames()));
        assertThat(flushes).hasValue(1);
    }

    private HttpServer serve(io.vertx.core.Handler<HttpServerRequest> handler) {
        return join(vertx.createHttpServer()
                .connectionHandler(this::count)
                .requestHandler(handler)
                .listen(0, "127.0.0.1"));
    }

    /** What comes through here goes to the operating system. */
    private void count(HttpConnection connection) {
        GatheredWrites.on(connection);
        ((ConnectionBase) connection).channelHandlerContext().pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void flush(ChannelHandlerContext channel) {
                flushes.incrementAndGet();
                channel.flush();
            }
        });
    }

    /** Not while the connection is read, when Vert.x flushes once by itself. */
    private void inAnotherTurn(Runnable turn) {
        Vertx.currentContext().runOnContext(v -> turn.run());
    }

    private static void writeAll(java.util.function.Consumer<String> write) {
        frames().forEach(write);
    }

    private static List<String> frames() {
        return IntStream.range(0, FRAMES).mapToObj(i -> "frame " + i).toList();
    }

    private static <T> T join(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
