package dev.millrace.process;

import io.vertx.core.Future;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a process, from its settings to SIGTERM, which closes the service and ends within five seconds. Exit
 * status 2: the settings are wrong; 1, or what a {@link StartFailure} says: it could not start, or had to give up.
 */
public final class ServiceMain {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceMain.class);
    private static final int BAD_CONFIGURATION = 2;
    private static final int FAILED = 1;
    private static final long CLOSE_SECONDS = 4;

    private ServiceMain() {}

    /**
     * Runs a service. Returns when only help was asked for, otherwise not before the end of the process.
     *
     * @param name of the process, before what it says on standard error
     * @param configuration asks for every setting
     * @param start the service, once it does its work; fails with a {@link StartFailure} or a {@link
     *     ConfigurationException} where the operator must act
     */
    public static <C> void run(
            String name,
            String[] arguments,
            Function<Settings, C> configuration,
            Function<C, ? extends Future<? extends Service>> start)
            throws InterruptedException {
        Settings settings = Settings.of(arguments);
        try {
            C config = configuration.apply(settings);
            if (settings.helpWanted()) {
                System.out.println(settings.help());
                return;
            }
            settings.check();
            LOG.info("Settings:\n{}", settings.describe());
            run(start.apply(config));
        } catch (ConfigurationException | IllegalArgumentException e) {
            exit(name, e);
        } catch (ExecutionException | CompletionException e) {
            exit(name, e.getCause() == null ? e : e.getCause());
        }
    }

    private static void run(Future<? extends Service> starting) throws InterruptedException, ExecutionException {
        Service service = starting.toCompletionStage().toCompletableFuture().get();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(service), "shutdown"));
        LOG.info("Ready: {}", service.description());
        service.failed().toCompletionStage().toCompletableFuture().get();
    }

    private static void close(Service service) {
        try {
            service.close().toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            LOG.warn("It did not close in order: {}", e.toString());
        }
    }

    /** One plain line for the operator; the stack stands in the log where it is not the operator's to act. */
    private static void exit(String name, Throwable failure) {
        int status = exitStatus(failure);
        if (status == FAILED && !(failure instanceof StartFailure)) {
            LOG.error("It gives up", failure);
        } else {
            System.err.println(name + ": " + failure.getMessage());
        }
        System.exit(status);
    }

    private static int exitStatus(Throwable failure) {
        if (failure instanceof StartFailure known) {
            return known.exitStatus();
        }
        boolean badConfiguration =
                failure instanceof ConfigurationException || failure instanceof IllegalArgumentException;
        return badConfiguration ? BAD_CONFIGURATION : FAILED;
    }
}
