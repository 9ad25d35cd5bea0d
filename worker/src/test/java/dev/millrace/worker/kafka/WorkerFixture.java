package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.worker.engine.Adapters;
import dev.millrace.worker.engine.ChatTemplate;
import dev.millrace.worker.engine.Engine;
import dev.millrace.worker.engine.EngineMetrics;
import dev.millrace.worker.engine.EngineSettings;
import dev.millrace.worker.engine.FakeDecoder;
import dev.millrace.worker.engine.LanguageMasks;
import dev.millrace.worker.engine.Pace;
import dev.millrace.worker.llama.Decoder;
import dev.millrace.worker.llama.Tokenizer;
import dev.millrace.worker.llama.Vocabulary;
import io.prometheus.client.CollectorRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;

/**
 * One worker as it is, but for Kafka, which is in memory, and the device, which is a fake. Several can share a log, as
 * an owner and the one that takes over from it do.
 */
final class WorkerFixture implements AutoCloseable {
    static final TopicPartition PROMPTS = new TopicPartition("prompts", 3);
    private static final int VOCABULARY_END = FakeDecoder.VOCABULARY.size();

    /** Set by the test, read by the poll thread: the group has moved on, and commits of this worker are refused. */
    private volatile boolean fenced;

    final MockConsumer<byte[], byte[]> kafka = new MockConsumer<>("earliest") {
        @Override
        public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
            if (fenced) {
                throw new CommitFailedException();
            }
            super.commitSync(offsets);
        }
    };
    private final Engine engine;
    private final PromptConsumer consumer;
    private final Intake intake;
    final Lane lane;
    final Followed followed = new Followed();
    /** Fails when the worker gives up. */
    final CompletableFuture<Void> broken = new CompletableFuture<>();

    final CollectorRegistry registry = new CollectorRegistry();

    WorkerFixture(Vertx vertx, ReplyLog log, String modelId, long nonce, long clockMs, Pace pace) {
        this(vertx, log, modelId, nonce, clockMs, pace, () -> new FakeDecoder(8, 8000, 64));
    }

    WorkerFixture(
            Vertx vertx, ReplyLog log, String modelId, long nonce, long clockMs, Pace pace, Supplier<Decoder> device) {
        this(vertx, log, modelId, Adapters.NONE, nonce, clockMs, pace, device);
    }

    WorkerFixture(
            Vertx vertx,
            ReplyLog log,
            String modelId,
            Adapters adapters,
            long nonce,
            long clockMs,
            Pace pace,
            Supplier<Decoder> device) {
        DeliveryMetrics deliveryMetrics = new DeliveryMetrics(registry);
        Context context = vertx.getOrCreateContext();
        this.engine = new Engine(
                new EngineSettings("engine-" + nonce, 10_000, 4, EngineSettings.NO_BUDGET, 0, pace),
                device,
                FakeDecoder.VOCABULARY,
                new EngineMetrics(registry).labelled("fake", "none"));
        engine.start().join();
        this.lane = new Lane(
                context,
                "worker-" + nonce,
                new Topics(""),
                new ReplyPlace.Directory("replies", Map.of("replies", 1, "elsewhere", 2)),
                new PromptPreparation(
                        "fake",
                        modelId,
                        adapters,
                        new ChatTemplate(new ByteTokenizer()),
                        new LanguageMasks(FakeDecoder.VOCABULARY)),
                engine,
                log,
                log,
                followed,
                new ReplyPlaceCheck(context, log::describe, log::clockMs),
                deliveryMetrics,
                broken);
        this.intake = new Intake(lane);
        this.consumer = new PromptConsumer(
                "poll-" + nonce,
                kafka,
                "prompts",
                10,
                new SessionFactory(() -> clockMs, () -> nonce),
                new PromptDecoder(null),
                intake);
        kafka.updateBeginningOffsets(Map.of(PROMPTS, 0L));
        kafka.updateEndOffsets(Map.of(PROMPTS, 0L));
        var unused = consumer.start();
    }

    /** The partition is assigned and holds these prompts, from offset 0 on: others may have had them before. */
    void assign(Prompt... prompts) {
        kafka.updateEndOffsets(Map.of(PROMPTS, (long) prompts.length));
        kafka.schedulePollTask(() -> kafka.rebalance(Set.of(PROMPTS)));
        kafka.schedulePollTask(() -> add(0, prompts));
    }

    /** They come when the session is open: nobody can have had them before. */
    void addLater(long firstOffset, Prompt... prompts) {
        kafka.schedulePollTask(() -> {});
        kafka.schedulePollTask(() -> add(firstOffset, prompts));
    }

    void add(long firstOffset, Prompt... prompts) {
        for (int i = 0; i < prompts.length; i++) {
            addRaw(firstOffset + i, EventCodec.PROMPT.encode(prompts[i]));
        }
    }

    void addRaw(long offset, byte[] value) {
        kafka.addRecord(new ConsumerRecord<>(PROMPTS.topic(), PROMPTS.partition(), offset, new byte[0], value));
    }

    /** As a console tool sends it. */
    void addText(long offset, @Nullable String key, String value, Header... headers) {
        kafka.addRecord(new ConsumerRecord<>(
                PROMPTS.topic(),
                PROMPTS.partition(),
                offset,
                1_800_000_000_000L,
                TimestampType.LOG_APPEND_TIME,
                0,
                value.length(),
                key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                value.getBytes(StandardCharsets.UTF_8),
                new RecordHeaders(headers),
                Optional.empty()));
    }

    void cancel(Prompt prompt) {
        intake.onCancellation(prompt.getId());
    }

    /** The group has given its partition to another worker, and it does not know. */
    void fence() {
        fenced = true;
    }

    void revoke() {
        kafka.schedulePollTask(() -> kafka.rebalance(Set.of()));
    }

    /** Whether the engine gave up. */
    boolean engineFailed() {
        return engine.failed();
    }

    /** By the device, whether they have been told or not. */
    double generatedTokens() {
        return engine.generatedTokens();
    }

    /** Whether the device has nothing to do. */
    boolean idle() {
        return engine.load().runningPrompts() == 0;
    }

    /** The committed offset; -1: none. */
    long committed() {
        OffsetAndMetadata committed = kafka.committed(Set.of(PROMPTS)).get(PROMPTS);
        return committed == null ? -1 : committed.offset();
    }

    @Override
    public void close() {
        consumer.close();
        engine.close();
    }

    static Prompt prompt(String text, int maxNewTokens) {
        return prompt(UUID.randomUUID(), text, maxNewTokens, null);
    }

    static Prompt prompt(UUID id, String text, int maxNewTokens, @Nullable ReplyAddress replyTo) {
        return Prompt.newBuilder()
                .setId(id)
                .setConversation("conversation")
                .setMessages(List.of(new Message(Role.USER, text)))
                .setSampling(Sampling.newBuilder()
                        .setMaxNewTokens(maxNewTokens)
                        .setTemperature(0f)
                        .build())
                .setReplyTo(replyTo)
                .build();
    }

    /** What this prompt's completion is, undisturbed. */
    static List<Integer> completion(String text, int length) throws Exception {
        int[] tokens = new ChatTemplate(new ByteTokenizer()).tokenize(List.of(new Message(Role.USER, text)));
        return FakeDecoder.completion(tokens, length);
    }

    static String text(List<Integer> ids) {
        StringBuilder text = new StringBuilder();
        ids.forEach(id -> text.append((char) id.intValue()));
        return text.toString();
    }

    /** Which partitions of the controls are read along. */
    static final class Followed implements PartitionFollower {
        final Set<Integer> partitions = ConcurrentHashMap.newKeySet();

        @Override
        public void follow(int partition, long sinceMs) {
            partitions.add(partition);
        }

        @Override
        public void leave(int partition) {
            partitions.remove(partition);
        }
    }

    /** A token for each byte, and the two control tokens of a chat. */
    static final class ByteTokenizer implements Tokenizer {
        private final Vocabulary vocabulary = Vocabulary.of(
                Stream.concat(
                                IntStream.range(0, VOCABULARY_END).mapToObj(FakeDecoder.VOCABULARY::piece),
                                Stream.of(new byte[0], new byte[0]))
                        .toList(),
                Map.of("<|im_start|>", VOCABULARY_END, "<|im_end|>", VOCABULARY_END + 1),
                List.of(FakeDecoder.END));

        @Override
        public int[] tokenize(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            List<Integer> tokens = new ArrayList<>();
            for (byte b : bytes) {
                tokens.add(b & 0xFF);
            }
            return tokens.stream().mapToInt(Integer::intValue).toArray();
        }

        @Override
        public Vocabulary vocabulary() {
            return vocabulary;
        }
    }
}
