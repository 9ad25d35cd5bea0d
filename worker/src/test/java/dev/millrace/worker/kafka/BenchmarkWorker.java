package dev.millrace.worker.kafka;

import dev.millrace.schemas.Topics;
import dev.millrace.worker.engine.Engine;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.errors.TimeoutException;

/** A worker as {@link Delivery} puts it together, with or without claims, on an engine that others may use too. */
final class BenchmarkWorker {
    private static final int MOST_IN_FLIGHT = 128;

    private final KafkaSettings settings;

    private BenchmarkWorker(KafkaSettings settings) {
        this.settings = settings;
    }

    /** Takes prompts from then on, of the one partition that its topics have. */
    static BenchmarkWorker start(
            String bootstrap, String prefix, boolean claims, Vertx vertx, Engine engine, PromptPreparation preparation)
            throws InterruptedException {
        KafkaSettings settings = new KafkaSettings(
                bootstrap,
                new Topics(prefix),
                prefix + "workers",
                Duration.ofSeconds(6),
                null,
                List.of(),
                1,
                (short) 1,
                Map.of());
        Map<String, Integer> partitions = ReplyTopics.prepare(settings, prefix);
        KafkaClients clients = new KafkaClients(settings, prefix);
        ChunkProducer producer = new ChunkProducer(prefix + "send", clients.producer(), System::nanoTime);
        ReplyLogReader reader = new ReplyLogReader(
                prefix + "read-back", clients.replyConsumer(), settings.topics().replies());
        ControlReader controls = new ControlReader(
                prefix + "controls",
                clients.controlConsumer(),
                settings.topics().controls());
        Unclaimed unclaimed = new Unclaimed(producer, settings.topics().replies());
        Context context = vertx.getOrCreateContext();
        Intake intake = new Intake(new Lane(
                context,
                prefix,
                settings.topics(),
                new ReplyPlace.Directory(settings.topics().replies(), partitions),
                preparation,
                engine,
                claims ? producer : unclaimed,
                claims ? reader : unclaimed,
                controls,
                new ReplyPlaceCheck(
                        context, topic -> CompletableFuture.failedFuture(new TimeoutException()), System::nanoTime),
                new DeliveryMetrics(new CollectorRegistry()),
                new CompletableFuture<>()));
        PromptConsumer consumer = new PromptConsumer(
                prefix + "poll",
                clients.promptConsumer(),
                settings.topics().prompts(),
                MOST_IN_FLIGHT,
                new SessionFactory(System::currentTimeMillis, new SecureRandom()::nextLong),
                new PromptDecoder(null),
                intake);
        var unused = List.of(controls.start(intake), producer.start(), reader.start(), consumer.start());
        return new BenchmarkWorker(settings);
    }

    String bootstrap() {
        return settings.bootstrap();
    }

    Topics topics() {
        return settings.topics();
    }
}
