package dev.millrace.worker;

import dev.millrace.process.ServiceMain;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.concurrent.TimeUnit;

/** The worker as a process. SIGTERM hands over: it leaves its group, and what it was generating goes on elsewhere. */
public final class WorkerMain {
    /** Vert.x warns of a blocked thread after this; a large model on a slow disk may take as long. */
    private static final long LONGEST_LOAD_MINUTES = 15;

    private WorkerMain() {}

    public static void main(String... arguments) throws InterruptedException {
        ServiceMain.run("worker", arguments, WorkerConfig::from, config -> Worker.start(vertx(), config));
    }

    private static Vertx vertx() {
        return Vertx.vertx(new VertxOptions()
                .setMaxWorkerExecuteTimeUnit(TimeUnit.MINUTES)
                .setMaxWorkerExecuteTime(LONGEST_LOAD_MINUTES));
    }
}
