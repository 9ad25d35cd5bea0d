package dev.millrace.worker;

import dev.millrace.process.ConfigurationException;
import dev.millrace.process.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker as a process. SIGTERM hands over: the worker leaves its group and ends, within five seconds, and what it
 * was generating goes on elsewhere.
 */
public final class WorkerMain {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerMain.class);
    private static final int BAD_CONFIGURATION = 2;
    private static final int FAILED = 1;
    private static final long CLOSE_SECONDS = 4;
    /** Vert.x warns of a blocked thread after this; a large model on a slow disk may take as long. */
    private static final long LONGEST_LOAD_MINUTES = 15;

    private WorkerMain() {}

    public static void main(String... args) throws InterruptedException {
        Settings settings = Settings.of(args);
        try {
            WorkerConfig config = WorkerConfig.from(settings);
            if (settings.helpWanted()) {
                System.out.println(settings.help());
                return;
            }
            settings.check();
            LOG.info("Settings:\n{}", settings.describe());
            run(config);
        } catch (ConfigurationException | IllegalArgumentException e) {
            exit(BAD_CONFIGURATION, e);
        } catch (ExecutionException | CompletionException e) {
            exit(FAILED, e.getCause() == null ? e : e.getCause());
        }
    }

    private static void run(WorkerConfig config) throws InterruptedException, ExecutionException {
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setMaxWorkerExecuteTimeUnit(TimeUnit.MINUTES)
                .setMaxWorkerExecuteTime(LONGEST_LOAD_MINUTES));
        Worker worker = Worker.start(vertx, config)
                .toCompletionStage()
                .toCompletableFuture()
                .get();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(worker), "shutdown"));
        LOG.info("Ready: model {}, operations on port {}", worker.modelName(), worker.operationsPort());
        worker.failed().toCompletionStage().toCompletableFuture().get();
    }

    private static void close(Worker worker) {
        try {
            worker.close().toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            LOG.warn("The worker did not close in order: {}", e.toString());
        }
    }

    /** One plain line for the operator; the stack stands in the log where it is not the operator's to act. */
    private static void exit(int status, Throwable failure) {
        if (failure instanceof StartFailure || status == BAD_CONFIGURATION) {
            System.err.println("worker: " + failure.getMessage());
        } else {
            LOG.error("The worker gives up", failure);
        }
        System.exit(status);
    }
}
