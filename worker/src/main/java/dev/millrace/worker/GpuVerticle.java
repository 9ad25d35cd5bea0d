package dev.millrace.worker;

import dev.millrace.process.Health;
import dev.millrace.worker.engine.Adapters;
import dev.millrace.worker.engine.ChatTemplate;
import dev.millrace.worker.engine.Engine;
import dev.millrace.worker.engine.EngineMetrics;
import dev.millrace.worker.engine.EngineSettings;
import dev.millrace.worker.engine.LanguageMasks;
import dev.millrace.worker.kafka.Delivery;
import dev.millrace.worker.kafka.DeliveryMetrics;
import dev.millrace.worker.kafka.PromptPreparation;
import dev.millrace.worker.llama.ContextSettings;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LlamaContext;
import dev.millrace.worker.llama.LlamaModel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device: its model, its engine, and the prompts that run there. Its event loop is the delivery context. It gives
 * up as a whole: whatever fails for good below ends in {@link #failed}.
 */
final class GpuVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(GpuVerticle.class);
    /** A model below this size is faster on one thread: more would wait for each other longer than they compute. */
    private static final long SMALL_MODEL_BYTES = 64L << 20;

    private static final long MOST_WATCH_MS = 1000;
    /** Conversations that a pool of cells keeps besides those that run. Each costs memory for a row of scores. */
    private static final int IDLE_SEQUENCES = 56;

    private static final double NANOS_PER_SECOND = 1e9;

    /** What all devices of one worker share. */
    record Shared(
            WorkerConfig config,
            Preflight preflight,
            Future<String> modelId,
            Future<Map<String, Integer>> replyPartitions,
            EngineMetrics engineMetrics,
            DeliveryMetrics deliveryMetrics) {}

    private final Shared shared;
    private final Device device;
    private final Health.Component health;
    private final Promise<Void> failed = Promise.promise();
    private final Promise<Void> closed = Promise.promise();
    private @Nullable Delivery delivery;

    GpuVerticle(Shared shared, Device device, Health.Component health) {
        this.shared = shared;
        this.device = device;
        this.health = health;
    }

    /** Fails when the device was given up. Never succeeds. */
    Future<Void> failed() {
        return failed.future();
    }

    @Override
    public Future<?> start() {
        context.exceptionHandler(failed::tryFail);
        failed.future().onFailure(failure -> health.failed(String.valueOf(failure.getMessage())));
        return context.executeBlocking(this::loadModel)
                .compose(this::startEngine)
                .onSuccess(v -> health.ready())
                .onFailure(failure -> health.failed(String.valueOf(failure.getMessage())));
    }

    private LlamaModel loadModel() {
        ModelFile file = shared.preflight().modelFile();
        LoadingLog log = new LoadingLog(file.name(), device, health);
        long startNanos = System.nanoTime();
        LlamaModel model = LlamaModel.open(
                shared.preflight().library(),
                file.path(),
                device,
                shared.config().slots(),
                log);
        shared.preflight().adapters().forEach(adapter -> model.loadAdapter(adapter.path()));
        LOG.info(
                "Model loaded successfully: {}, {} bytes, {} seconds, device {}",
                file.name(),
                file.gguf().bytes(),
                String.format("%.1f", (System.nanoTime() - startNanos) / NANOS_PER_SECOND),
                device);
        return model;
    }

    private Future<?> startEngine(LlamaModel model) {
        WorkerConfig config = shared.config();
        String name = config.workerId() + "-" + device;
        String modelName = shared.preflight().modelFile().name();
        KvBudget budget = Objects.requireNonNull(shared.preflight().budgets().get(device));
        LOG.info("Context of device {}: {} tokens ({})", device, budget.cells(), budget.reason());
        ContextSettings settings = new ContextSettings(
                budget.cells(),
                config.slots() + (budget.ownCells() ? 1 : IDLE_SEQUENCES),
                config.batchTokens(),
                threads(),
                config.exact(),
                device instanceof Device.Gpu,
                budget.ownCells());
        Engine engine = new Engine(
                new EngineSettings(
                        name + "-engine",
                        config.contextTokens(shared.preflight().modelFile().gguf()),
                        config.slots(),
                        config.prefillShare(),
                        config.hostCacheBytes(),
                        config.pace()),
                () -> LlamaContext.open(model, settings),
                model.vocabulary(),
                shared.engineMetrics().labelled(modelName, device.toString()));
        ChatTemplate template = new ChatTemplate(model);
        LanguageMasks masks = new LanguageMasks(model.vocabulary());
        return Future.all(
                        Future.fromCompletionStage(engine.start(), context), shared.modelId(), shared.replyPartitions())
                .onSuccess(v -> startDelivery(
                        name,
                        new PromptPreparation(modelName, shared.modelId().result(), adapters(), template, masks),
                        engine,
                        model));
    }

    private Adapters adapters() {
        return new Adapters(shared.preflight().adapters().stream()
                .map(adapter -> new Adapters.Adapter(adapter.name(), adapter.digest()))
                .toList());
    }

    /** Often enough that a stuck device is given up not much later than its limit. */
    private void watch(Engine engine) {
        Duration longestStep = shared.config().longestStep();
        long periodMs = Math.max(1, Math.min(MOST_WATCH_MS, longestStep.toMillis() / 10));
        vertx.setPeriodic(periodMs, timer -> engine.failIfStuck(longestStep));
    }

    private void startDelivery(String name, PromptPreparation preparation, Engine engine, LlamaModel model) {
        watch(engine);
        WorkerConfig config = shared.config();
        Delivery started = new Delivery(
                config.kafka(),
                context,
                name,
                device.toString(),
                shared.replyPartitions().result(),
                preparation,
                engine,
                config.mostInFlight(),
                shared.deliveryMetrics());
        delivery = started;
        CompletableFuture<Void> delivered = started.start();
        CompletableFuture<Void> all = CompletableFuture.allOf(delivered, engine.ended());
        Future.fromCompletionStage(all.thenRun(model::close), context).onComplete(v -> closed.complete());
        Future.fromCompletionStage(delivered, context).onFailure(failure -> failed.tryFail(cause(failure)));
        Future.fromCompletionStage(engine.ended(), context).onFailure(failed::tryFail);
    }

    /** Takes no more prompts, lets another worker take over those that run, gives the device back. */
    @Override
    public Future<?> stop() {
        if (delivery == null) {
            return Future.succeededFuture();
        }
        delivery.close();
        return closed.future();
    }

    /** What a step in a chain of futures failed with. */
    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private int threads() {
        int asked = shared.config().threads();
        if (asked > 0) {
            return asked;
        }
        boolean small = shared.preflight().modelFile().gguf().bytes() < SMALL_MODEL_BYTES;
        return small ? 1 : Runtime.getRuntime().availableProcessors();
    }
}
