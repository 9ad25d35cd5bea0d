package dev.millrace.gateway;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ModelList;
import dev.millrace.gateway.http.HttpTimings;
import dev.millrace.gateway.http.HttpVerticle;
import dev.millrace.gateway.http.PageFiles;
import dev.millrace.gateway.kafka.CatchUp;
import dev.millrace.gateway.kafka.Conversations;
import dev.millrace.gateway.kafka.DeliveryMetrics;
import dev.millrace.gateway.kafka.KafkaClients;
import dev.millrace.gateway.kafka.LivingWorkers;
import dev.millrace.gateway.kafka.PromptProducer;
import dev.millrace.gateway.kafka.ReplyConsumer;
import dev.millrace.gateway.kafka.ReplyPartitions;
import dev.millrace.gateway.session.Exchange;
import dev.millrace.gateway.session.SessionLimits;
import dev.millrace.gateway.session.SessionMetrics;
import dev.millrace.process.Health;
import dev.millrace.process.OperationsServer;
import dev.millrace.process.Service;
import dev.millrace.schemas.Topics;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.hotspot.DefaultExports;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A gateway: event loops for its clients, one producer, one consumer, and the endpoint for operators. Any thread. */
public final class Gateway implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final int MOST_EVENT_LOOPS = 8;
    private static final String WEBROOT = "webroot";
    /** Vert.x gives one free port to all servers that ask for the same negative one. */
    private static final AtomicInteger FREE_PORTS = new AtomicInteger();

    /** What a gateway needs of Kafka. */
    record Kafka(
            ReplyPartitions partitions,
            Consumer<byte[], byte[]> consumer,
            Consumer<byte[], byte[]> catchUpConsumer,
            Producer<byte[], byte[]> producer) {
        /** Blocks. */
        static Kafka connect(GatewayConfig config) throws InterruptedException {
            ReplyPartitions partitions = ReplyPartitions.prepare(config.kafka(), config.gatewayId());
            KafkaClients clients = new KafkaClients(config.kafka(), config.gatewayId());
            return new Kafka(partitions, clients.replyConsumer(), clients.catchUpConsumer(), clients.promptProducer());
        }
    }

    private final Vertx vertx;
    private final GatewayConfig config;
    private final Health health = new Health();
    private final Health.Component kafkaHealth = health.component("kafka");
    private final Health.Component httpHealth = health.component("http");
    private final CollectorRegistry registry = new CollectorRegistry();
    private final OperationsServer operations;
    private final List<String> deployments = new CopyOnWriteArrayList<>();
    private final Promise<Void> failed = Promise.promise();
    /** Set while it starts, read by whoever closes. */
    private volatile Runnable closeKafka = () -> {};

    private volatile Future<?> kafkaClosed = Future.succeededFuture();
    private volatile int httpPort;

    private Gateway(Vertx vertx, GatewayConfig config) {
        this.vertx = vertx;
        this.config = config;
        this.operations =
                new OperationsServer(vertx, config.operationsHost(), config.operationsPort(), health, registry);
    }

    /**
     * Starts a gateway. Topics that are missing are created.
     *
     * @return the gateway when it takes clients; fails with a {@link dev.millrace.process.ConfigurationException} where
     *     the operator must act
     */
    public static Future<Gateway> start(Vertx vertx, GatewayConfig config) {
        SessionLimits limits = SessionLimits.of(config.mostWaitingBytes(), config.grace());
        HttpTimings timings = HttpTimings.of(config.requestTimeout());
        return start(vertx, config, limits, timings, () -> Kafka.connect(config));
    }

    static Future<Gateway> start(
            Vertx vertx, GatewayConfig config, SessionLimits limits, HttpTimings timings, Connection connection) {
        Gateway gateway = new Gateway(vertx, config);
        return gateway.startAll(limits, timings, connection)
                .recover(failure -> gateway.close().transform(closed -> Future.failedFuture(failure)));
    }

    /** How to get at Kafka; may block. */
    @FunctionalInterface
    interface Connection {
        Kafka open() throws Exception;
    }

    private Future<Gateway> startAll(SessionLimits limits, HttpTimings timings, Connection connection) {
        DefaultExports.register(registry);
        return operations
                .start()
                .compose(listening -> Future.all(connect(limits, connection), warmUp()))
                .map(both -> both.<Exchange>resultAt(0))
                .compose(exchange -> vertx.executeBlocking(() -> PageFiles.load(WEBROOT), false)
                        .compose(files -> startHttp(exchange, timings, files)))
                .map(this);
    }

    private Future<Exchange> connect(SessionLimits limits, Connection connection) {
        return vertx.executeBlocking(connection::open, false).compose(kafka -> startKafka(kafka, limits));
    }

    /** A gateway that could not warm up is as good as one that did not. */
    private Future<Void> warmUp() {
        if (config.warmUp().isZero()) {
            return Future.succeededFuture();
        }
        httpHealth.starting("warms up");
        return WarmUp.run(vertx, config.warmUp()).recover(failure -> {
            LOG.warn("It takes clients without having warmed up: {}", failure.toString());
            return Future.succeededFuture();
        });
    }

    private Future<Exchange> startKafka(Kafka kafka, SessionLimits limits) {
        Topics topics = config.kafka().topics();
        LivingWorkers workers = new LivingWorkers(InstantSource.system());
        Conversations conversations = new Conversations(InstantSource.system());
        ReplyConsumer replies = new ReplyConsumer(
                config.gatewayId() + "-replies", kafka.consumer(), kafka.partitions(), topics, workers, conversations);
        replies.register(registry);
        CatchUp catchUp =
                new CatchUp(config.gatewayId() + "-catch-up", kafka.catchUpConsumer(), replies, topics, conversations);
        PromptProducer prompts = new PromptProducer(
                config.gatewayId() + "-prompts", kafka.producer(), topics, new DeliveryMetrics(registry));
        CompletableFuture<Void> consumerEnded = replies.start();
        CompletableFuture<Void> catchUpEnded = catchUp.start();
        CompletableFuture<Void> producerEnded = prompts.start();
        closeKafka = () -> {
            replies.close();
            catchUp.close();
            prompts.close();
        };
        kafkaClosed = Future.fromCompletionStage(CompletableFuture.allOf(consumerEnded, catchUpEnded, producerEnded));
        consumerEnded.exceptionally(this::onConsumerFailed);
        catchUpEnded.exceptionally(this::onConsumerFailed);
        return Future.fromCompletionStage(replies.ready()).map(ready -> {
            kafkaHealth.ready();
            return new Exchange(
                    prompts,
                    replies,
                    catchUp,
                    conversations,
                    cursors(topics.replies()),
                    topics.replies(),
                    limits,
                    new SessionMetrics(registry),
                    new ModelList(
                            config.models(), workers::statuses, Instant.now().getEpochSecond()));
        });
    }

    private CursorSeal cursors(String replyTopic) {
        if (config.cursorKeys().isEmpty()) {
            LOG.info("No cursor-keys are set: responses can be resumed only here, and not after a restart");
            return CursorSeal.ofThisProcess(replyTopic);
        }
        return new CursorSeal(config.cursorKeys(), replyTopic);
    }

    private Void onConsumerFailed(Throwable failure) {
        kafkaHealth.failed("replies are no longer read: " + failure.getClass().getSimpleName());
        failed.tryFail(failure);
        return null;
    }

    private Future<?> startHttp(Exchange exchange, HttpTimings timings, PageFiles files) {
        int port = config.httpPort() == 0 ? -FREE_PORTS.incrementAndGet() : config.httpPort();
        HttpVerticle.Shared shared = new HttpVerticle.Shared(
                config.httpHost(),
                port,
                timings,
                config.origins(),
                files,
                ApiDocument.all(config.kafka().topics()),
                exchange);
        int eventLoops = Math.min(Runtime.getRuntime().availableProcessors(), MOST_EVENT_LOOPS);
        List<HttpVerticle> verticles = Stream.generate(() -> new HttpVerticle(shared))
                .limit(eventLoops)
                .toList();
        return Future.all(verticles.stream().map(this::deploy).toList()).onSuccess(deployed -> {
            httpPort = verticles.get(0).port();
            httpHealth.ready();
        });
    }

    private Future<?> deploy(HttpVerticle verticle) {
        return vertx.deployVerticle(verticle).onSuccess(deployments::add);
    }

    /** Where the chat page and the WebSocket are. */
    public int httpPort() {
        return httpPort;
    }

    /** Where /healthz, /readyz and /metrics are. */
    public int operationsPort() {
        return operations.port();
    }

    @Override
    public String description() {
        return "http://" + config.httpHost() + ":" + httpPort() + ", operations on port " + operationsPort();
    }

    /** Fails when replies can no longer be read. */
    @Override
    public Future<Void> failed() {
        return failed.future();
    }

    /** Tells its clients to connect again elsewhere. What runs for them goes on without this gateway. */
    @Override
    public Future<Void> close() {
        return Future.join(deployments.stream().map(vertx::undeploy).toList())
                .transform(undeployed -> {
                    closeKafka.run();
                    return kafkaClosed;
                })
                .transform(kafka -> operations.close());
    }
}
