package dev.millrace.worker;

import dev.millrace.process.ServiceMain;
import dev.millrace.process.StartFailure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The worker as a process. SIGTERM hands over: it leaves its group, and what it was generating goes on elsewhere. */
public final class WorkerMain {
    /** Vert.x warns of a blocked thread after this; a large model on a slow disk may take as long. */
    private static final long LONGEST_LOAD_MINUTES = 15;

    private WorkerMain() {}

    public static void main(String... arguments) throws InterruptedException {
        ServiceMain.run("worker", arguments, WorkerConfig::from, WorkerMain::start);
    }

    private static Future<Worker> start(WorkerConfig config) {
        if (!config.doctor()) {
            return Worker.start(vertx(), config);
        }
        Optional<StartFailure> failure = Doctor.examine(config, System.out);
        if (failure.isEmpty()) {
            System.exit(0);
        }
        return Future.failedFuture(failure.orElseThrow());
    }

    private static Vertx vertx() {
        return Vertx.vertx(new VertxOptions()
                .setMaxWorkerExecuteTimeUnit(TimeUnit.MINUTES)
                .setMaxWorkerExecuteTime(LONGEST_LOAD_MINUTES));
    }
}
