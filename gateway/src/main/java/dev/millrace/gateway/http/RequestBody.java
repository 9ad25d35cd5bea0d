package dev.millrace.gateway.http;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads one request's body, as text. Of one that is too large the rest is passed over, since a client reads no answer
 * before it has said all; but not for ever. Owned by the request's event loop.
 */
final class RequestBody {
    /** The request is refused. */
    static final class BadBodyException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient ApiError error;

        private BadBodyException(ErrorCode code, String message) {
            super(message);
            this.error = ApiError.of(code, message);
        }

        ApiError error() {
            return error;
        }
    }

    /** So many times the largest body is passed over. */
    private static final long PATIENCE = 4;

    private final HttpServerRequest request;
    private final int mostBytes;
    private final Buffer body = Buffer.buffer();
    private final Promise<String> text = Promise.promise();
    private long bytes;

    RequestBody(HttpServerRequest request, int mostBytes) {
        this.request = request;
        this.mostBytes = mostBytes;
    }

    Future<String> read() {
        request.handler(this::onBytes);
        request.endHandler(ended -> onEnd());
        request.exceptionHandler(text::tryFail);
        return text.future();
    }

    private void onBytes(Buffer next) {
        bytes += next.length();
        if (bytes <= mostBytes) {
            body.appendBuffer(next);
        } else if (bytes > PATIENCE * mostBytes) {
            request.connection().close();
        }
    }

    private void onEnd() {
        if (bytes > mostBytes) {
            text.tryFail(new BadBodyException(ErrorCode.EVENT_TOO_LARGE, "a body may have " + mostBytes + " bytes"));
            return;
        }
        try {
            text.tryComplete(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body.getBytes()))
                    .toString());
        } catch (CharacterCodingException e) {
            text.tryFail(new BadBodyException(ErrorCode.INVALID_JSON, "the body is no UTF-8"));
        }
    }
}
