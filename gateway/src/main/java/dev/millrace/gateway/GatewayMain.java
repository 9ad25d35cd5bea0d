package dev.millrace.gateway;

import dev.millrace.process.ConfigurationException;
import dev.millrace.process.Settings;
import io.vertx.core.Vertx;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The gateway as a process. SIGTERM tells its clients to connect again and ends, within five seconds. */
public final class GatewayMain {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayMain.class);
    private static final int BAD_CONFIGURATION = 2;
    private static final int FAILED = 1;
    private static final long CLOSE_SECONDS = 4;

    private GatewayMain() {}

    public static void main(String... args) throws InterruptedException {
        Settings settings = Settings.of(args);
        try {
            GatewayConfig config = GatewayConfig.from(settings);
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

    private static void run(GatewayConfig config) throws InterruptedException, ExecutionException {
        Gateway gateway = Gateway.start(Vertx.vertx(), config)
                .toCompletionStage()
                .toCompletableFuture()
                .get();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(gateway), "shutdown"));
        LOG.info(
                "Ready: http://{}:{}, operations on port {}",
                config.httpHost(),
                gateway.httpPort(),
                gateway.operationsPort());
        gateway.failed().toCompletionStage().toCompletableFuture().get();
    }

    private static void close(Gateway gateway) {
        try {
            gateway.close().toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            LOG.warn("The gateway did not close in order: {}", e.toString());
        }
    }

    /** One plain line for the operator; the stack stands in the log where it is not the operator's to act. */
    private static void exit(int status, Throwable failure) {
        if (failure instanceof ConfigurationException || status == BAD_CONFIGURATION) {
            System.err.println("gateway: " + failure.getMessage());
        } else {
            LOG.error("The gateway gives up", failure);
        }
        System.exit(status);
    }
}
