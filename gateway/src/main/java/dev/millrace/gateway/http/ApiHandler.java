package dev.millrace.gateway.http;

import dev.millrace.gateway.dialect.ApiError;
import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.gateway.session.ChatSession;
import dev.millrace.gateway.session.ConversationSession;
import dev.millrace.gateway.session.Exchange;
import dev.millrace.gateway.session.HttpSession;
import dev.millrace.gateway.session.ResponseSession;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's API over HTTP: {@code /v1/models}, {@code /v1/chat/completions}, {@code /v1/responses},
 * {@code /v1/conversations}, and the documents that describe what the gateway serves. Owned by one event loop.
 */
final class ApiHandler {
    static final String API = "/v1/";
    private static final String COMPLETIONS = API + "chat/completions";
    private static final String MODELS = API + "models";
    private static final String RESPONSES = API + "responses";
    private static final String CONVERSATIONS = API + "conversations";
    private static final String CANCEL = "/cancel";
    private static final String PREFLIGHT_SECONDS = "3600";

    private final Context context;
    private final Exchange exchange;
    private final AllowedOrigins origins;
    private final Map<String, Buffer> documents;
    private final Set<HttpSession> open = new HashSet<>();

    /** @param documents in JSON, by their paths */
    ApiHandler(Context context, Exchange exchange, AllowedOrigins origins, Map<String, Buffer> documents) {
        this.context = context;
        this.exchange = exchange;
        this.origins = origins;
        this.documents = documents;
    }

    boolean describesItselfAt(String path) {
        return documents.containsKey(path);
    }

    void onRequest(HttpServerRequest request) {
        VertxReply reply = new VertxReply(context.owner(), request);
        if (!origins.allow(request)) {
            reply.refuse(ApiError.of(ErrorCode.ORIGIN_NOT_ALLOWED, "not for pages of this origin"));
            return;
        }
        allowReading(request);
        String path = request.path();
        Buffer document = documents.get(path);
        if (request.method().equals(HttpMethod.OPTIONS)) {
            preflight(request);
        } else if (path.equals(COMPLETIONS)) {
            complete(request, reply);
        } else if (path.equals(RESPONSES)) {
            respond(request, reply);
        } else if (path.startsWith(RESPONSES + "/")) {
            response(request, reply, path.substring(RESPONSES.length() + 1));
        } else if (path.equals(CONVERSATIONS)) {
            createConversation(request, reply);
        } else if (path.startsWith(CONVERSATIONS + "/")) {
            conversation(request, reply, path.substring(CONVERSATIONS.length() + 1));
        } else if (document != null) {
            get(request, reply, document.toString());
        } else if (path.equals(MODELS)) {
            get(request, reply, exchange.models().encode());
        } else if (path.startsWith(MODELS + "/")) {
            model(request, reply, path.substring(MODELS.length() + 1));
        } else {
            reply.refuse(ApiError.of(ErrorCode.NOT_FOUND, "there is nothing at this address"));
        }
    }

    private static void allowReading(HttpServerRequest request) {
        HttpServerResponse response = request.response().putHeader("X-Content-Type-Options", "nosniff");
        response.headers().addAll(AllowedOrigins.leaveToRead(request.getHeader(HttpHeaders.ORIGIN)));
    }

    /** Clients send headers of their own, all of them without effect here. */
    private static void preflight(HttpServerRequest request) {
        HttpServerResponse response = request.response().setStatusCode(204);
        String headers = request.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
        response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, DELETE")
                .putHeader(HttpHeaders.ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
        if (headers != null) {
            response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        response.end();
    }

    private void get(HttpServerRequest request, VertxReply reply, String json) {
        if (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)) {
            reply.answer(json);
        } else {
            wrongMethod(request, reply, "GET, HEAD");
        }
    }

    private static void wrongMethod(HttpServerRequest request, VertxReply reply, String allowed) {
        request.response().putHeader(HttpHeaders.ALLOW, allowed);
        reply.refuse(ApiError.of(ErrorCode.METHOD_NOT_ALLOWED, "only " + allowed));
    }

    private void model(HttpServerRequest request, VertxReply reply, String encodedName) {
        String name = decoded(encodedName);
        String model = name == null ? null : exchange.models().encode(name);
        if (model != null) {
            get(request, reply, model);
        } else {
            reply.refuse(new ApiError(ErrorCode.MODEL_NOT_FOUND.code(), "there is no model of this name", "model"));
        }
    }

    private static @Nullable String decoded(String name) {
        try {
            return URLDecoder.decode(name.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void complete(HttpServerRequest request, VertxReply reply) {
        if (takesBody(request, reply)) {
            ChatSession session = new ChatSession(context, reply, exchange);
            open(request, session, session::onBody);
        }
    }

    private void respond(HttpServerRequest request, VertxReply reply) {
        if (takesBody(request, reply)) {
            ResponseSession session = new ResponseSession(context, reply, exchange);
            open(request, session, session::create);
        }
    }

    /** One that there is, wherever it was begun. */
    private void response(HttpServerRequest request, VertxReply reply, String rest) {
        boolean cancels = rest.endsWith(CANCEL);
        String id = cancels ? rest.substring(0, rest.length() - CANCEL.length()) : rest;
        ResponseSession session = new ResponseSession(context, reply, exchange);
        if (cancels && request.method().equals(HttpMethod.POST)) {
            open(request, session, body -> session.cancel(id));
        } else if (!cancels && request.method().equals(HttpMethod.GET)) {
            open(
                    request,
                    session,
                    body -> session.retrieve(id, request.getParam("stream"), request.getParam("starting_after")));
        } else if (!cancels && request.method().equals(HttpMethod.DELETE)) {
            open(request, session, body -> session.delete(id));
        } else {
            wrongMethod(request, reply, cancels ? "POST" : "GET, DELETE");
        }
    }

    private void createConversation(HttpServerRequest request, VertxReply reply) {
        if (takesBody(request, reply)) {
            ConversationSession session = new ConversationSession(context, reply, exchange);
            open(request, session, session::create);
        }
    }

    private void conversation(HttpServerRequest request, VertxReply reply, String id) {
        ConversationSession session = new ConversationSession(context, reply, exchange);
        if (request.method().equals(HttpMethod.GET)) {
            open(request, session, body -> session.retrieve(id));
        } else if (request.method().equals(HttpMethod.DELETE)) {
            open(request, session, body -> session.delete(id));
        } else {
            wrongMethod(request, reply, "GET, DELETE");
        }
    }

    /** Whether it is a request with a body in JSON; if not, it is refused. */
    private static boolean takesBody(HttpServerRequest request, VertxReply reply) {
        if (!request.method().equals(HttpMethod.POST)) {
            wrongMethod(request, reply, "POST");
        } else if (!isJson(request.getHeader(HttpHeaders.CONTENT_TYPE))) {
            reply.refuse(ApiError.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "the content-type must be application/json"));
        } else {
            return true;
        }
        return false;
    }

    /** A page can send no other type to a gateway that does not know it without being asked first. */
    private static boolean isJson(@Nullable String contentType) {
        return contentType != null
                && contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json");
    }

    private void open(HttpServerRequest request, HttpSession session, Consumer<String> onBody) {
        open.add(session);
        request.response().exceptionHandler(failure -> onClosed(session));
        request.response().closeHandler(closed -> onClosed(session));
        request.response().endHandler(ended -> onClosed(session));
        new RequestBody(request, HttpVerticle.MOST_EVENT_BYTES)
                .read()
                .onSuccess(onBody::accept)
                .onFailure(failure -> onBadBody(session, failure));
    }

    private static void onBadBody(HttpSession session, Throwable failure) {
        if (failure instanceof RequestBody.BadBodyException bad) {
            session.fail(bad.error());
        }
    }

    private void onClosed(HttpSession session) {
        open.remove(session);
        session.onClosed();
    }

    void keepAliveAll() {
        open.forEach(HttpSession::keepAlive);
    }

    void closeAll() {
        List.copyOf(open).forEach(HttpSession::stop);
    }
}
