package dev.millrace.process;

import dev.millrace.process.Health.State;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.StringWriter;
import java.net.BindException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The HTTP endpoint for whoever watches the process: {@code /healthz}, {@code /readyz} and {@code /metrics}.
 *
 * <p>Answers on an event loop; metrics are collected on a worker thread, since a collector may take its time.
 *
 * <p>It has no authentication, which is why it listens on the loopback address unless told otherwise. Two of them in
 * one Vert.x instance need different ports: Vert.x would let them share one and spread the requests.
 */
public final class OperationsServer {
    /** The address to listen on where nothing else was asked for. */
    public static final String DEFAULT_HOST = "127.0.0.1";

    private static final Set<HttpMethod> READING = Set.of(HttpMethod.GET, HttpMethod.HEAD);
    private static final String PLAIN_TEXT = "text/plain; charset=utf-8";

    private final Vertx vertx;
    private final String host;
    private final int port;
    private final Health health;
    private final CollectorRegistry metrics;
    private final HttpServer server;

    /**
     * Does not listen yet.
     *
     * @param port 0 takes any free one
     */
    public OperationsServer(Vertx vertx, String host, int port, Health health, CollectorRegistry metrics) {
        this.vertx = vertx;
        this.host = host;
        this.port = port;
        this.health = health;
        this.metrics = metrics;
        this.server = vertx.createHttpServer().requestHandler(this::onRequest);
    }

    /** Completes when it listens; fails with a {@link ConfigurationException} when the port is taken. */
    public Future<OperationsServer> start() {
        return server.listen(port, host).map(this).recover(failure -> Future.failedFuture(explained(failure)));
    }

    private Throwable explained(Throwable failure) {
        return failure instanceof BindException
                ? new ConfigurationException(List.of(
                        "The operations endpoint cannot listen on " + host + ":" + port + ": the port is taken"))
                : failure;
    }

    /** The port that it listens on. Only after {@link #start} has completed. */
    public int port() {
        return server.actualPort();
    }

    /** Completes when no connection is left. */
    public Future<Void> close() {
        return server.close();
    }

    private void onRequest(HttpServerRequest request) {
        if (!READING.contains(request.method())) {
            request.response().putHeader(HttpHeaders.ALLOW, "GET, HEAD");
            answer(request, 405, "Only GET and HEAD\n");
            return;
        }
        switch (request.path()) {
            case "/healthz" -> answer(request, State.Failed.class::isInstance, true);
            case "/readyz" ->
                answer(
                        request,
                        state -> !(state instanceof State.Ready),
                        !health.states().isEmpty());
            case "/metrics" -> answerMetrics(request);
            default -> answer(request, 404, "Only /healthz, /readyz and /metrics\n");
        }
    }

    /** 200, unless a component's state is bad; the text says each bad component's reason. */
    private void answer(HttpServerRequest request, Predicate<State> bad, boolean anyComponent) {
        String reasons = health.states().entrySet().stream()
                .filter(component -> bad.test(component.getValue()))
                .map(OperationsServer::line)
                .collect(Collectors.joining());
        if (!anyComponent) {
            answer(request, 503, "starting\n");
        } else {
            answer(request, reasons.isEmpty() ? 200 : 503, reasons.isEmpty() ? "ok\n" : reasons);
        }
    }

    private static String line(Map.Entry<String, State> component) {
        State state = component.getValue();
        String said = "ready";
        if (state instanceof State.Starting starting) {
            said = "starting: " + starting.reason();
        } else if (state instanceof State.Failed failed) {
            said = "failed: " + failed.reason();
        }
        return component.getKey() + ": " + said + "\n";
    }

    private void answerMetrics(HttpServerRequest request) {
        String format = TextFormat.chooseContentType(request.getHeader(HttpHeaders.ACCEPT));
        vertx.executeBlocking(() -> collected(format), false)
                .onSuccess(text -> answer(request, 200, format, text))
                .onFailure(failure -> answer(
                        request,
                        500,
                        "A collector failed: " + failure.getClass().getName() + "\n"));
    }

    private String collected(String format) throws IOException {
        StringWriter text = new StringWriter();
        TextFormat.writeFormat(format, text, metrics.metricFamilySamples());
        return text.toString();
    }

    private static void answer(HttpServerRequest request, int status, String text) {
        answer(request, status, PLAIN_TEXT, text);
    }

    private static void answer(HttpServerRequest request, int status, String contentType, String text) {
        request.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, contentType)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(text);
    }
}
