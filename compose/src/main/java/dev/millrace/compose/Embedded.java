package dev.millrace.compose;

import dev.millrace.compose.broker.BrokerFailure;
import dev.millrace.process.ConfigurationException;
import dev.millrace.process.Settings;
import dev.millrace.process.StartFailure;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * {@code make run}: the local stack until SIGTERM or Ctrl-C. Standard output has one line, when prompts are taken;
 * progress is on standard error.
 */
public final class Embedded {

    /** The whole stop, by promise: what has not ended by then is as safe as after a kill. */
    private static final long STOP_MS = 4_500;

    /** Set by the shutdown hook, read by the main thread: what fails from then on is no news. */
    private static volatile boolean stopping;

    private Embedded() {}

    public static void main(String[] arguments) throws InterruptedException {
        try {
            run(Settings.of(arguments));
        } catch (ConfigurationException | BrokerFailure | StartFailure e) {
            fail(e.getMessage());
        } catch (ExecutionException e) {
            fail(said(e.getCause()));
        }
    }

    private static @Nullable String said(@Nullable Throwable failure) {
        if (failure instanceof StartFailure || failure instanceof ConfigurationException) {
            return failure.getMessage();
        }
        return "the local stack failed: " + failure;
    }

    private static void run(Settings settings) throws InterruptedException, ExecutionException {
        int kafkaPort = settings.port("kafka-port", 9092, "port of the broker; 0: any");
        int httpPort = settings.port("http-port", 8080, "port of the chat page and the WebSocket; 0: any");
        Path data = settings.path("data-dir", Path.of("data"), "where the broker keeps its data");
        Path model = settings.path(
                "model", Path.of("worker/demo-model/millrace-demo-f16.gguf"), "GGUF file with F16 weights");
        settings.check();

        LocalStack stack = new LocalStack(data, kafkaPort, httpPort, model, System.getenv());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(stack), "shutdown"));
        System.err.println("millrace: starting a Kafka broker on " + stack.kafkaAddress() + ", data in " + data);
        LocalStack.Running running = stack.start();
        System.out.println("ready " + running.url() + " kafka " + stack.kafkaAddress() + " model "
                + running.worker().modelName());
        running.failed().toCompletionStage().toCompletableFuture().get();
    }

    private static void stop(LocalStack stack) {
        stopping = true;
        Thread thread = new Thread(stack::close, "stop");
        thread.setDaemon(true);
        thread.start();
        try {
            thread.join(STOP_MS);
        } catch (InterruptedException e) {
            // Nothing interrupts a shutdown hook.
        }
    }

    private static void fail(@Nullable String message) {
        if (!stopping) {
            System.err.println("millrace: " + message);
            System.exit(1);
        }
    }
}
