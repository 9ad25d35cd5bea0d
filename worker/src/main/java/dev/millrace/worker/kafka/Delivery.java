package dev.millrace.worker.kafka;

import dev.millrace.schemas.TopicRules;
import dev.millrace.worker.engine.Engine;
import io.vertx.core.Context;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/**
 * Everything between Kafka and one engine, put together in the order of a prompt's path. Any thread may start and
 * close it.
 */
public final class Delivery implements AutoCloseable {
    private final ChunkProducer producer;
    private final ReplyLogReader reader;
    private final ControlReader controls;
    private final Intake intake;
    private final Heartbeats heartbeats;
    private final @Nullable RegistryClient registry;
    private final PromptConsumer consumer;
    private final Admin admin;
    /** Ends when the rest is closed; fails when the worker cannot go on. */
    private final CompletableFuture<Void> broken = new CompletableFuture<>();

    private final Engine engine;
    private final Context context;

    /**
     * Does nothing before {@link #start}.
     *
     * @param context an event loop; it will own every prompt's run
     * @param workerId unique for each device of each process
     * @param device cpu, or the GPU's number
     * @param replyPartitions the allowed reply topics and how many partitions each has
     * @param mostInFlight prompts taken in and not finished; at this many every partition is paused
     */
    public Delivery(
            KafkaSettings settings,
            Context context,
            String workerId,
            String device,
            Map<String, Integer> replyPartitions,
            PromptPreparation preparation,
            Engine engine,
            int mostInFlight,
            DeliveryMetrics metrics) {
        KafkaClients clients = new KafkaClients(settings, workerId);
        this.engine = engine;
        this.context = context;
        this.producer = new ChunkProducer(workerId + "-send", clients.producer(), System::nanoTime);
        this.admin = clients.admin();
        this.reader = new ReplyLogReader(
                workerId + "-read-back",
                clients.replyConsumer(),
                settings.topics().replies());
        this.controls = new ControlReader(
                workerId + "-controls",
                clients.controlConsumer(),
                settings.topics().controls());
        Lane lane = new Lane(
                context,
                workerId,
                settings.topics(),
                new ReplyPlace.Directory(settings.topics().replies(), replyPartitions),
                preparation,
                engine,
                producer,
                reader,
                controls,
                new ReplyPlaceCheck(
                        context,
                        topic -> ReplyTopics.describe(admin, topic),
                        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime())),
                metrics,
                broken);
        this.intake = new Intake(lane);
        this.heartbeats = new Heartbeats(lane, device, TopicRules.HEARTBEAT_MS);
        this.registry =
                settings.schemaRegistry() == null ? null : new RegistryClient(context, settings.schemaRegistry());
        this.consumer = new PromptConsumer(
                workerId + "-poll",
                clients.promptConsumer(),
                settings.topics().prompts(),
                mostInFlight,
                new SessionFactory(System::currentTimeMillis, new SecureRandom()::nextLong),
                new PromptDecoder(registry == null ? null : new SchemaRegistry(registry::ask)),
                intake);
    }

    /** Begins to take prompts. The future completes when all has been closed, exceptionally when it gave up. */
    public CompletableFuture<Void> start() {
        context.runOnContext(begins -> heartbeats.start());
        CompletableFuture<Void> unbroken = broken.whenComplete((v, failure) -> consumer.close());
        CompletableFuture<Void> controlled = controls.start(intake).whenComplete((v, failure) -> consumer.close());
        CompletableFuture<Void> polled =
                consumer.start().whenComplete((v, failure) -> context.runOnContext(runsClosed -> closeTheRest()));
        return CompletableFuture.allOf(unbroken, polled, controlled, reader.start(), producer.start());
    }

    /** The runs of the last sessions have closed by now, since their context keeps the order of what it is told. */
    private void closeTheRest() {
        broken.complete(null);
        engine.close();
        admin.close(Duration.ZERO);
        controls.close();
        heartbeats.stop();
        if (registry != null) {
            registry.close();
        }
        reader.close();
        producer.close();
    }

    /**
     * Leaves the group first, so that another worker takes over, then stops the engine and the other threads. Finishes
     * nothing. Returns at once, the future of {@link #start} tells when it is done. Idempotent.
     */
    @Override
    public void close() {
        consumer.close();
    }
}
