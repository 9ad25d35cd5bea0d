package dev.millrace.compose;

import dev.millrace.compose.broker.EmbeddedBroker;
import dev.millrace.gateway.Gateway;
import dev.millrace.gateway.GatewayConfig;
import dev.millrace.process.Settings;
import dev.millrace.worker.Worker;
import dev.millrace.worker.WorkerConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A broker, a worker and a gateway in this JVM. The main thread starts it; the shutdown hook may close it while it
 * still starts.
 */
final class LocalStack {

    /** Whoever stops the stack waits no longer, whatever Kafka's clients would like to finish. */
    private static final long STOP_MS = 2_500;

    /** Few, since each of a topic's partitions costs files and time at the first start, and there is one worker. */
    private static final String PARTITIONS = "--partitions=4";

    /** What runs once all of it has started. */
    record Running(Worker worker, Gateway gateway) {

        /** Where the chat page is. */
        String url() {
            return "http://127.0.0.1:" + gateway.httpPort();
        }

        /** Fails when one of them was given up; never succeeds. */
        Future<Void> failed() {
            return Future.all(worker.failed(), gateway.failed()).mapEmpty();
        }
    }

    private final EmbeddedBroker broker;
    private final Vertx vertx = Vertx.vertx();
    private final WorkerConfig workerConfig;
    private final GatewayConfig gatewayConfig;

    /** Set by an event loop once they have started, read by the shutdown hook: before, they have nothing to hand over. */
    private volatile @Nullable Worker worker;

    private volatile @Nullable Gateway gateway;

    /**
     * Checks what can be checked at once, and formats a new data directory.
     *
     * @param kafkaPort 0: any
     * @param httpPort of the chat page and the WebSocket; 0: any
     * @param environment where other settings of the worker and the gateway may stand
     */
    LocalStack(Path data, int kafkaPort, int httpPort, Path model, Map<String, String> environment) {
        broker = EmbeddedBroker.prepare(data.resolve("kafka"), kafkaPort);
        String bootstrap = "--kafka-bootstrap=" + broker.address();
        Map<String, String> others = withoutOwn(environment);
        Settings ofWorker = new Settings(List.of(bootstrap, "--model=" + model, PARTITIONS), others);
        workerConfig = WorkerConfig.from(ofWorker);
        ofWorker.check();
        // The operators' endpoint of the settings is the worker's.
        Settings ofGateway = new Settings(
                List.of(
                        bootstrap,
                        "--http-host=127.0.0.1",
                        "--http-port=" + httpPort,
                        "--operations-port=0",
                        "--warm-up=0s",
                        PARTITIONS),
                others);
        gatewayConfig = GatewayConfig.from(ofGateway);
        ofGateway.check();
    }

    /** The broker's port is no property of Kafka's clients. */
    private static Map<String, String> withoutOwn(Map<String, String> environment) {
        Map<String, String> others = new HashMap<>(environment);
        others.remove("KAFKA_PORT");
        return others;
    }

    /** Blocks until prompts are taken, from Kafka and from the page. The model loads while the broker starts. */
    Running start() throws InterruptedException, ExecutionException {
        Future<Worker> startingWorker = Worker.start(vertx, workerConfig).onSuccess(started -> worker = started);
        broker.start();
        Future<Gateway> startingGateway = Gateway.start(vertx, gatewayConfig).onSuccess(started -> gateway = started);
        return Future.all(startingWorker, startingGateway)
                .map(started -> new Running(startingWorker.result(), startingGateway.result()))
                .toCompletionStage()
                .toCompletableFuture()
                .get();
    }

    int kafkaPort() {
        return broker.port();
    }

    String kafkaAddress() {
        return broker.address();
    }

    /** The broker last, since the others still have something to tell it. Blocks, but not for long. */
    void close() {
        Gateway runningGateway = gateway;
        Worker runningWorker = worker;
        Future<Void> gatewayClosed = runningGateway == null ? Future.succeededFuture() : runningGateway.close();
        Future<Void> workerClosed = runningWorker == null ? Future.succeededFuture() : runningWorker.close();
        try {
            Future.join(gatewayClosed, workerClosed)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(STOP_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            System.err.println("millrace: not everything stops in time; another worker would take over");
        }
        broker.close();
    }
}
