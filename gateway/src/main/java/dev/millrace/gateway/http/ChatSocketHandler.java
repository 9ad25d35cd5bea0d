package dev.millrace.gateway.http;

import dev.millrace.gateway.session.CloseReason;
import dev.millrace.gateway.session.Exchange;
import dev.millrace.gateway.session.Session;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the sockets of {@code /v1/responses}, one {@link Session} for each. Owned by one event loop. */
final class ChatSocketHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ChatSocketHandler.class);

    private final Context context;
    private final Exchange exchange;
    private final AllowedOrigins origins;
    private final Map<Session, VertxSocket> open = new HashMap<>();

    ChatSocketHandler(Context context, Exchange exchange, AllowedOrigins origins) {
        this.context = context;
        this.exchange = exchange;
        this.origins = origins;
    }

    void onRequest(HttpServerRequest request) {
        if (!"websocket".equalsIgnoreCase(request.getHeader(HttpHeaders.UPGRADE))) {
            request.response().putHeader(HttpHeaders.UPGRADE, "websocket");
            answer(request, 426, "This is a WebSocket\n");
        } else if (!origins.allow(request)) {
            LOG.info("A page of another origin was refused a socket");
            answer(request, 403, "Not for pages of this origin\n");
        } else {
            request.toWebSocket()
                    .onSuccess(this::onOpen)
                    .onFailure(failure -> LOG.debug("No socket came of a request: {}", failure.toString()));
        }
    }

    private static void answer(HttpServerRequest request, int status, String text) {
        request.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                .end(text);
    }

    private void onOpen(ServerWebSocket socket) {
        VertxSocket client = new VertxSocket(context.owner(), socket);
        client.checkFrames();
        Session session = new Session(context, client, exchange);
        open.put(session, client);
        socket.textMessageHandler(session::onText);
        socket.binaryMessageHandler(message -> session.onBinary());
        socket.exceptionHandler(failure -> onFailure(session, failure));
        socket.closeHandler(closed -> {
            open.remove(session);
            session.onClosed();
        });
    }

    /** A message that grew too long is an {@link IllegalStateException}, and the next one can be read; else it closes. */
    private static void onFailure(Session session, Throwable failure) {
        if (failure instanceof IllegalStateException) {
            session.onTooLarge(HttpVerticle.MOST_EVENT_BYTES);
        } else {
            LOG.debug("A socket failed: {}", failure.toString());
        }
    }

    void pingAll() {
        open.values().forEach(VertxSocket::ping);
    }

    void closeAll() {
        List.copyOf(open.keySet()).forEach(session -> session.close(CloseReason.GATEWAY_STOPS));
    }
}
