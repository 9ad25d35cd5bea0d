package dev.millrace.worker;

import dev.millrace.process.Health;
import dev.millrace.process.OperationsServer;
import dev.millrace.process.Service;
import dev.millrace.process.StartFailure;
import dev.millrace.worker.engine.EngineMetrics;
import dev.millrace.worker.kafka.DeliveryMetrics;
import dev.millrace.worker.kafka.ReplyTopics;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.hotspot.DefaultExports;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A worker: one {@link GpuVerticle} for each device, and the endpoint for operators. Any thread. */
public final class Worker implements Service {
    private final Vertx vertx;
    private final WorkerConfig config;
    private final Preflight preflight;
    private final Health health = new Health();
    private final CollectorRegistry registry = new CollectorRegistry();
    private final OperationsServer operations;
    private final List<String> deployments = new CopyOnWriteArrayList<>();
    private final Promise<Void> failed = Promise.promise();

    private Worker(Vertx vertx, WorkerConfig config) {
        this.vertx = vertx;
        this.config = config;
        this.preflight = Preflight.of(config);
        this.operations =
                new OperationsServer(vertx, config.operationsHost(), config.operationsPort(), health, registry);
    }

    /**
     * Starts a worker: checks machine and model, then loads it on every device while the topics are made sure of. Kafka may
     * come up meanwhile.
     *
     * @return the worker when every device takes prompts; fails with a {@link StartFailure} where the operator must act
     */
    public static Future<Worker> start(Vertx vertx, WorkerConfig config) {
        return vertx.executeBlocking(() -> new Worker(vertx, config))
                .compose(worker -> worker.start()
                        .recover(failure -> worker.close().transform(closed -> Future.failedFuture(failure))))
                .recover(failure -> Future.failedFuture(StartProblem.explain(failure)));
    }

    private Future<Worker> start() {
        DefaultExports.register(registry);
        GpuVerticle.Shared shared = new GpuVerticle.Shared(
                config,
                preflight,
                vertx.executeBlocking(preflight.modelFile()::digest, false),
                vertx.executeBlocking(this::prepareTopics, false),
                new EngineMetrics(registry),
                new DeliveryMetrics(registry));
        List<GpuVerticle> verticles = config.devices().stream()
                .map(device -> new GpuVerticle(shared, device, health.component("device " + device)))
                .toList();
        return operations
                .start()
                .compose(listening ->
                        Future.all(verticles.stream().map(this::deploy).toList()))
                .map(this);
    }

    private Map<String, Integer> prepareTopics() throws InterruptedException {
        return ReplyTopics.prepare(config.kafka(), config.workerId());
    }

    private Future<Void> deploy(GpuVerticle verticle) {
        verticle.failed().onFailure(failed::tryFail);
        return vertx.deployVerticle(verticle).map(deployment -> {
            deployments.add(deployment);
            return null;
        });
    }

    /** What prompts may ask for. */
    public String modelName() {
        return preflight.modelFile().name();
    }

    /** Where /healthz, /readyz and /metrics are. */
    public int operationsPort() {
        return operations.port();
    }

    @Override
    public String description() {
        return "model " + modelName() + ", operations on port " + operationsPort();
    }

    /** Fails when one device was given up. */
    @Override
    public Future<Void> failed() {
        return failed.future();
    }

    /** Leaves the group, so that other workers take over, and gives the devices back. Finishes no completion. */
    @Override
    public Future<Void> close() {
        return Future.join(deployments.stream().map(vertx::undeploy).toList())
                .transform(undeployed -> operations.close());
    }
}
