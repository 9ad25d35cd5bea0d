package dev.millrace.gateway.http;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.Utf8;
import dev.millrace.gateway.session.CloseReason;
import dev.millrace.gateway.session.HttpReply;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.impl.ConnectionBase;

/** The response to a Vert.x request. Owned by its event loop. */
final class VertxReply implements HttpReply {
    private final Vertx vertx;
    private final HttpServerRequest request;
    private final HttpServerResponse response;

    VertxReply(Vertx vertx, HttpServerRequest request) {
        this.vertx = vertx;
        this.request = request;
        this.response = request.response();
    }

    /** The first one begins a stream. */
    @Override
    public Future<Void> write(String frame) {
        if (!begun()) {
            response.setChunked(true)
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream; charset=utf-8")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                    .putHeader("X-Accel-Buffering", "no"); // nginx would hold events back
        }
        return response.write(frame);
    }

    @Override
    public boolean begun() {
        return response.headWritten();
    }

    @Override
    public void answer(String json) {
        send(200, json);
    }

    @Override
    public void refuse(ApiError error) {
        response.putHeader("x-should-retry", Boolean.toString(error.mayBeRepeated()));
        send(error.status(), error.encode());
    }

    private void send(int status, String json) {
        if (response.ended() || response.closed()) {
            return;
        }
        response.setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        if (request.method().equals(HttpMethod.HEAD)) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(Utf8.length(json)))
                    .end();
        } else {
            response.end(json);
        }
    }

    @Override
    public void end() {
        if (!response.ended() && !response.closed()) {
            response.end();
        }
    }

    @Override
    public void pause() {
        request.pause();
    }

    @Override
    public void resume() {
        request.resume();
    }

    /**
     * A stream that was told why ends with that, if its client reads it soon; HTTP itself has no word for why. Vert.x would
     * wait for a client that does not read, and only its internals lead to the channel.
     */
    @Override
    public void close(CloseReason reason) {
        if (reason == CloseReason.TOO_SLOW && !response.ended() && !response.closed()) {
            response.end().onComplete(told -> request.connection().close());
            vertx.setTimer(VertxSocket.PATIENCE_MS, timer -> cut());
        } else {
            request.connection().close();
        }
    }

    private void cut() {
        var unused =
                ((ConnectionBase) request.connection()).channelHandlerContext().close();
    }
}
