package dev.millrace.worker.kafka;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;

/** How delivery goes. Thread-safe, as simpleclient is. */
public final class DeliveryMetrics {
    private final Counter started;
    private final Counter sendFailures;
    private final Counter deadLetters;
    private final Counter answersLeftOut;

    /** Registers the metrics: once for each registry. */
    public DeliveryMetrics(CollectorRegistry registry) {
        started = Counter.build("millrace_completions_started", "Completions given to the engine, by how they begin.")
                .labelNames("start")
                .register(registry);
        sendFailures = Counter.build(
                        "millrace_send_failures", "Reply events that failed to be sent; each makes a new claim.")
                .register(registry);
        deadLetters = Counter.build(
                        "millrace_dead_letters",
                        "Records that were no prompt, had no place to answer at, crashed workers or had too large an answer.")
                .register(registry);
        answersLeftOut = Counter.build(
                        "millrace_answers_left_out", "Whole answers too large for their topic, announced without text.")
                .register(registry);
        for (String start : new String[] {"fresh", "continued", "restarted"}) {
            started.labels(start);
        }
    }

    void onStart(boolean hasTokens, boolean goesOn) {
        started.labels(!goesOn ? "restarted" : hasTokens ? "continued" : "fresh")
                .inc();
    }

    void onSendFailed() {
        sendFailures.inc();
    }

    void onAnswerLeftOut() {
        answersLeftOut.inc();
    }

    void onDeadLetter() {
        deadLetters.inc();
    }
}
