package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.ErrorCode;
import dev.millrace.schemas.event.FinishReason;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.Locale;

/** What clients get. Thread-safe, as simpleclient is. */
public final class SessionMetrics {
    private final Gauge sockets;
    private final Gauge running;
    private final Counter frames;
    private final Counter bytes;
    private final Gauge waiting;
    private final Counter tooSlow;
    private final Counter errors;
    private final Counter ended;
    private final Histogram timeToFirstToken;

    /** Registers the metrics: once for each registry. */
    public SessionMetrics(CollectorRegistry registry) {
        sockets = Gauge.build("millrace_gateway_sockets", "Open sockets.").register(registry);
        running = Gauge.build(
                        "millrace_gateway_responses_running", "Responses that have not ended, abandoned ones included.")
                .register(registry);
        frames = Counter.build("millrace_gateway_frames_sent", "Frames given to sockets.")
                .register(registry);
        bytes = Counter.build("millrace_gateway_frame_bytes_sent", "Bytes of these frames.")
                .register(registry);
        waiting = Gauge.build(
                        "millrace_gateway_frame_bytes_waiting",
                        "Bytes given to sockets that the operating system has not taken.")
                .register(registry);
        tooSlow = Counter.build(
                        "millrace_gateway_slow_sockets_closed", "Sockets closed because their clients did not read.")
                .register(registry);
        errors = Counter.build("millrace_gateway_errors", "Error events, by their code.")
                .labelNames("code")
                .register(registry);
        ended = Counter.build("millrace_gateway_responses_ended", "Responses that ended, by the reason.")
                .labelNames("reason")
                .register(registry);
        timeToFirstToken = Histogram.build(
                        "millrace_gateway_time_to_first_token_seconds", "From a client's event to its first tokens.")
                .buckets(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300)
                .register(registry);
    }

    void onOpen() {
        sockets.inc();
    }

    void onClosed() {
        sockets.dec();
    }

    /** A client that did not read is cut off. */
    public void onTooSlow() {
        tooSlow.inc();
    }

    void onResponse() {
        running.inc();
    }

    /** Of a response that this gateway looks after no longer. */
    void onResponseGone() {
        running.dec();
    }

    void onEnded(FinishReason reason) {
        ended.labels(reason.name().toLowerCase(Locale.ROOT)).inc();
    }

    void onFirstToken(double seconds) {
        timeToFirstToken.observe(seconds);
    }

    void onFrame(int frameBytes) {
        frames.inc();
        bytes.inc(frameBytes);
        waiting.inc(frameBytes);
    }

    /** By the operating system, or lost with its socket. */
    void onFrameTaken(int frameBytes) {
        waiting.dec(frameBytes);
    }

    void onError(ErrorCode code) {
        onRefused(code.code());
    }

    /** By a code of the gateway's or of a worker's. */
    public void onRefused(String code) {
        errors.labels(code).inc();
    }
}
