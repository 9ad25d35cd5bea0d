package dev.millrace.gateway.kafka;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;

/** What goes to Kafka. Thread-safe, as simpleclient is. */
public final class DeliveryMetrics {
    private final Counter prompts;
    private final Counter cancellations;
    private final Counter failures;

    /** Registers the metrics: once for each registry. */
    public DeliveryMetrics(CollectorRegistry registry) {
        prompts = Counter.build("millrace_gateway_prompts_sent", "Prompts that Kafka has taken.")
                .register(registry);
        cancellations = Counter.build("millrace_gateway_cancellations_sent", "Cancellations that Kafka has taken.")
                .register(registry);
        failures = Counter.build("millrace_gateway_send_failures", "Prompts and cancellations that failed to be sent.")
                .register(registry);
    }

    void onPromptSent() {
        prompts.inc();
    }

    void onCancellationSent() {
        cancellations.inc();
    }

    void onSendFailed() {
        failures.inc();
    }
}
