package dev.millrace.compose.stack;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.broker.EmbeddedBroker;
import dev.millrace.gateway.Gateway;
import dev.millrace.gateway.GatewayConfig;
import dev.millrace.process.Settings;
import dev.millrace.schemas.TopicSetup;
import dev.millrace.schemas.Topics;
import dev.millrace.worker.WorkerMain;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * Topics of one test class, told from others' by their prefix, on the one broker of this JVM. Workers belong to the
 * test that starts them.
 *
 * @param topics exist
 * @param bootstrap of the broker that has them
 */
public record Installation(Topics topics, String bootstrap) {

    public static final Path MODEL = Path.of("../worker/demo-model/millrace-demo-f16.gguf");
    static final int PARTITIONS = 2;

    /** Ends with the JVM: a start takes seconds. */
    private static final class Broker {
        static final EmbeddedBroker RUNNING = EmbeddedBroker.start(temporaryDirectory(), 0);

        private static Path temporaryDirectory() {
            try {
                return Files.createTempDirectory(Path.of("target"), "broker");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    public static Installation create(Class<?> test) {
        return create(test, Broker.RUNNING.address());
    }

    /** For one test of a class. */
    static Installation create(String name) {
        return create(name, Broker.RUNNING.address());
    }

    /** On another broker. */
    public static Installation create(Class<?> test, String bootstrap) {
        return create(test.getSimpleName(), bootstrap);
    }

    private static Installation create(String name, String bootstrap) {
        Topics topics = new Topics(name + ".");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            TopicSetup.ensure(admin, topics, PARTITIONS, (short) 1);
        }
        return new Installation(topics, bootstrap);
    }

    /** A worker that is replaced a second after it was killed. */
    public JavaProcess startWorker(String... settings) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                "--kafka-bootstrap=" + bootstrap(),
                "--topic-prefix=" + topics.prefix(),
                "--group=" + topics.prefix() + "workers",
                "--model=" + MODEL,
                "--session-timeout=1s"));
        all.addAll(List.of(settings));
        return JavaProcess.start(WorkerMain.class, Map.of(), all.toArray());
    }

    /** In this JVM, on a free port; returns when it takes clients. */
    public Gateway startGateway(Vertx vertx, String... settings) throws Exception {
        List<String> all = new ArrayList<>(
                List.of("--kafka-bootstrap=" + bootstrap(), "--topic-prefix=" + topics.prefix(), "--http-port=0"));
        all.addAll(List.of(settings));
        return Gateway.start(vertx, GatewayConfig.from(new Settings(all, Map.of())))
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }
}
