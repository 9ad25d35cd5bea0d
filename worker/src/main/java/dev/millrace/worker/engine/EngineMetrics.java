package dev.millrace.worker.engine;

import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.Decoder;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.Locale;
import java.util.Objects;

/**
 * What dashboards ask of an engine. The names are vLLM's where it has them, so that dashboards made for it work here; labelled with the
 * model's name and the device. Thread-safe, as simpleclient is.
 */
public final class EngineMetrics {
    private static final String[] LABELS = {"model_name", "device"};
    private static final double MS_PER_SECOND = 1000;

    private final Gauge running;
    private final Gauge waiting;
    private final Gauge cacheUsage;
    private final Counter promptTokens;
    private final Counter generationTokens;
    private final Counter guessedTokens;
    private final Counter fetchedRows;
    private final Counter prefixQueries;
    private final Counter prefixHits;
    private final Counter preemptions;
    private final Counter adapterChanges;
    private final Counter finished;
    private final Histogram queueTime;
    private final Histogram timeToFirstToken;
    private final Histogram latency;

    /** Registers the metrics: once for each registry. */
    public EngineMetrics(CollectorRegistry registry) {
        running = gauge("vllm:num_requests_running", "Completions on the device.", registry);
        waiting = gauge("vllm:num_requests_waiting", "Prompts that wait for a slot.", registry);
        cacheUsage = gauge("vllm:kv_cache_usage_perc", "Share of the KV cache that is in use, 0 to 1.", registry);
        promptTokens = counter("vllm:prompt_tokens", "Prompt tokens of finished completions.", registry);
        generationTokens = counter("vllm:generation_tokens", "Tokens drawn by the device.", registry);
        guessedTokens = counter(
                "millrace_guessed_tokens",
                "Tokens that were guessed right, so that the one after each came with the same step.",
                registry);
        fetchedRows = counter(
                "millrace_fetched_rows",
                "Tokens for which the device's candidates did not suffice, so that the whole row of scores was fetched.",
                registry);
        prefixQueries = counter("vllm:prefix_cache_queries", "Tokens looked up in the prefix cache.", registry);
        prefixHits = counter("vllm:prefix_cache_hits", "Tokens found in the prefix cache.", registry);
        preemptions = counter("vllm:num_preemptions", "Completions that went back to the queue.", registry);
        adapterChanges = counter(
                "millrace_adapter_changes",
                "Steps with another LoRA adapter, or none, than the step before.",
                registry);
        finished = Counter.build("vllm:request_success", "Finished completions by finish reason.")
                .labelNames("model_name", "device", "finished_reason")
                .register(registry);
        queueTime = histogram("vllm:request_queue_time_seconds", "From intake to the first step.", registry);
        timeToFirstToken = histogram("vllm:time_to_first_token_seconds", "From intake to the first token.", registry);
        latency = histogram("vllm:e2e_request_latency_seconds", "From intake to the last token.", registry);
    }

    /** The metrics of one engine. */
    public Labelled labelled(String modelName, String device) {
        return new Labelled(modelName, device);
    }

    private static Gauge gauge(String name, String help, CollectorRegistry registry) {
        return Gauge.build(name, help).labelNames(LABELS).register(registry);
    }

    private static Counter counter(String name, String help, CollectorRegistry registry) {
        return Counter.build(name, help).labelNames(LABELS).register(registry);
    }

    private static Histogram histogram(String name, String help, CollectorRegistry registry) {
        return Histogram.build(name, help)
                .labelNames(LABELS)
                .exponentialBuckets(0.001, 2, 18)
                .register(registry);
    }

    /** The same for one model on one device; fed by its engine's thread, read by any. */
    public final class Labelled {
        private final String modelName;
        private final String device;
        /** Those of every step, looked up once. */
        private final Counter.Child tokensOfSteps;

        private final Counter.Child guessesOfSteps;
        private final Counter.Child rowsOfSteps;
        private final Counter.Child changesOfSteps;
        private final Gauge.Child runningNow;
        private final Gauge.Child waitingNow;
        private final Gauge.Child cacheUsageNow;
        private int adapter = Decoder.NO_ADAPTER;

        private Labelled(String modelName, String device) {
            this.modelName = modelName;
            this.device = device;
            tokensOfSteps = generationTokens.labels(modelName, device);
            guessesOfSteps = guessedTokens.labels(modelName, device);
            rowsOfSteps = fetchedRows.labels(modelName, device);
            changesOfSteps = adapterChanges.labels(modelName, device);
            runningNow = running.labels(modelName, device);
            waitingNow = waiting.labels(modelName, device);
            cacheUsageNow = cacheUsage.labels(modelName, device);
        }

        double generatedTokens() {
            return tokensOfSteps.get();
        }

        void onStep(Batch batch, EngineLoad load) {
            tokensOfSteps.inc(batch.outputs());
            guessesOfSteps.inc(batch.guessed());
            rowsOfSteps.inc(batch.fetchedRows());
            if (batch.size() > 0) {
                changesOfSteps.inc(batch.adapter() == adapter ? 0 : 1);
                adapter = batch.adapter();
            }
            runningNow.set(load.runningPrompts());
            waitingNow.set(load.queuedPrompts());
            cacheUsageNow.set(1 - load.freeKvCells() / (double) load.kvCells());
        }

        void onFinished(Slot slot) {
            Timings timings = slot.timings();
            FinishReason reason = Objects.requireNonNull(slot.finishReason());
            finished.labels(modelName, device, reason.name().toLowerCase(Locale.ROOT))
                    .inc();
            Usage usage = slot.usage();
            promptTokens.labels(modelName, device).inc(usage.getPromptTokens());
            prefixQueries.labels(modelName, device).inc(slot.admitted() ? usage.getPromptTokens() : 0);
            prefixHits.labels(modelName, device).inc(usage.getCachedTokens());
            preemptions.labels(modelName, device).inc(slot.preemptions());
            double toFirstToken = timings.getQueueMs() + timings.getPrefillMs();
            queueTime.labels(modelName, device).observe(timings.getQueueMs() / MS_PER_SECOND);
            timeToFirstToken.labels(modelName, device).observe(toFirstToken / MS_PER_SECOND);
            latency.labels(modelName, device).observe((toFirstToken + timings.getDecodeMs()) / MS_PER_SECOND);
        }
    }
}
