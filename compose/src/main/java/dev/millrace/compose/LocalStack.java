package dev.millrace.compose;

import dev.millrace.compose.broker.EmbeddedBroker;
import dev.millrace.process.Settings;
import dev.millrace.worker.Worker;
import dev.millrace.worker.WorkerConfig;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A broker and a worker in this JVM. The main thread starts it; the shutdown hook may close it while it still starts.
 */
final class LocalStack {

    /** Whoever stops the stack waits no longer, whatever Kafka's clients would like to finish. */
    private static final long WORKER_STOP_MS = 2_500;

    /** Few, since each of a topic's partitions costs files and time at the first start, and there is one worker. */
    private static final int PARTITIONS = 4;

    private final EmbeddedBroker broker;
    private final Vertx vertx = Vertx.vertx();
    private final WorkerConfig config;

    /** Set by the main thread once it takes prompts, read by the shutdown hook: before, it has nothing to hand over. */
    private volatile @Nullable Worker worker;

    /**
     * Checks what can be checked at once, and formats a new data directory.
     *
     * @param environment where other settings of the worker may stand
     */
    LocalStack(Path data, int port, Path model, Map<String, String> environment) {
        broker = EmbeddedBroker.prepare(data.resolve("kafka"), port);
        Settings settings = new Settings(
                List.of("--kafka-bootstrap=" + broker.address(), "--model=" + model, "--partitions=" + PARTITIONS),
                withoutOwn(environment));
        config = WorkerConfig.from(settings);
        settings.check();
    }

    /** The broker's port is no property of the worker's Kafka clients. */
    private static Map<String, String> withoutOwn(Map<String, String> environment) {
        Map<String, String> others = new HashMap<>(environment);
        others.remove("KAFKA_PORT");
        return others;
    }

    /** Blocks until the worker takes prompts. The model loads while the broker starts. */
    Worker start() throws InterruptedException, ExecutionException {
        CompletableFuture<Worker> starting =
                Worker.start(vertx, config).toCompletionStage().toCompletableFuture();
        broker.start();
        Worker started = starting.get();
        worker = started;
        return started;
    }

    int port() {
        return broker.port();
    }

    String address() {
        return broker.address();
    }

    /** The worker first, which still has something to tell the broker. Blocks, but not for long. */
    void close() {
        Worker running = worker;
        if (running != null) {
            close(running);
        }
        broker.close();
    }

    private static void close(Worker worker) {
        try {
            worker.close().toCompletionStage().toCompletableFuture().get(WORKER_STOP_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            System.err.println("millrace: the worker does not stop in time; another one would take over from it");
        }
    }
}
