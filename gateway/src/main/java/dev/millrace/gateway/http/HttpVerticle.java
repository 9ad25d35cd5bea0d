package dev.millrace.gateway.http;

import dev.millrace.gateway.session.Exchange;
import dev.millrace.process.ConfigurationException;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.net.BindException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One event loop's share of the connections; Vert.x spreads them over all that listen on the same port. */
public final class HttpVerticle extends VerticleBase {
    /** The largest prompt, in JSON that escapes half of its characters. */
    static final int MOST_EVENT_BYTES = 16 << 20;

    static final String SOCKET_PATH = "/v1/responses";

    /**
     * What all instances share.
     *
     * @param port negative: a free port, the same for all that share the number
     * @param documents that describe the API, in JSON, by their paths
     */
    public record Shared(
            String host,
            int port,
            HttpTimings timings,
            AllowedOrigins origins,
            PageFiles files,
            Map<String, Buffer> documents,
            Exchange exchange) {}

    private final Shared shared;
    private @Nullable HttpServer server;
    private @Nullable ChatSocketHandler chat;
    private @Nullable ApiHandler api;

    public HttpVerticle(Shared shared) {
        this.shared = shared;
    }

    @Override
    public Future<?> start() {
        ChatSocketHandler sockets = new ChatSocketHandler(context, shared.exchange(), shared.origins());
        PageHandler page = new PageHandler(shared.files());
        ApiHandler completions = new ApiHandler(context, shared.exchange(), shared.origins(), shared.documents());
        HttpServer listening = vertx.createHttpServer(options())
                .connectionHandler(this::onConnection)
                .requestHandler(request -> route(request, sockets, completions, page));
        chat = sockets;
        api = completions;
        server = listening;
        vertx.setPeriodic(shared.timings().ping().toMillis(), timer -> sockets.pingAll());
        vertx.setPeriodic(shared.timings().keepAlive().toMillis(), timer -> completions.keepAliveAll());
        return listening
                .listen(shared.port(), shared.host())
                .recover(failure -> Future.failedFuture(explained(failure)));
    }

    /** Compression of frames would halve what one event loop can send. */
    private static HttpServerOptions options() {
        return new HttpServerOptions()
                .setMaxWebSocketFrameSize(MOST_EVENT_BYTES)
                .setMaxWebSocketMessageSize(MOST_EVENT_BYTES)
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setHandle100ContinueAutomatically(true)
                .setHttp2ClearTextEnabled(false); // nobody speaks it to us, and its streams need timeouts of their own
    }

    private void onConnection(HttpConnection connection) {
        GatheredWrites.on(connection);
        new ClientTimeouts(shared.timings(), shared.origins(), shared.exchange().metrics()).watch(connection);
    }

    private static void route(HttpServerRequest request, ChatSocketHandler sockets, ApiHandler api, PageHandler page) {
        String path = request.path() == null ? "" : request.path();
        if (path.equals(SOCKET_PATH) && request.method().equals(HttpMethod.GET)) {
            sockets.onRequest(request);
        } else if (path.startsWith(ApiHandler.API) || api.describesItselfAt(path)) {
            api.onRequest(request);
        } else {
            page.onRequest(request);
        }
    }

    private Throwable explained(Throwable failure) {
        return failure instanceof BindException
                ? new ConfigurationException(List.of(
                        "The gateway cannot listen on " + shared.host() + ":" + shared.port() + ": the port is taken"))
                : failure;
    }

    /** The port that it listens on. Only after the start. */
    public int port() {
        return Objects.requireNonNull(server, "not started").actualPort();
    }

    /** Tells its clients to connect again, elsewhere. */
    @Override
    public Future<?> stop() {
        if (chat == null || api == null || server == null) {
            return Future.succeededFuture();
        }
        chat.closeAll();
        api.closeAll();
        return server.close();
    }
}
