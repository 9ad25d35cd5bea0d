package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends prompts and reads what comes back: replies and dead letters, from the beginning of their topics. Owned by the
 * test's thread, which reads while it waits.
 */
public final class Client implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Installation installation;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<UUID, Reply> replies = new HashMap<>();
    private final List<ConsumerRecord<byte[], byte[]>> deadLetters = new ArrayList<>();

    public Client(Installation installation) {
        this.installation = installation;
        Map<String, Object> properties =
                Map.of("bootstrap.servers", installation.bootstrap(), "max.request.size", 9 << 20);
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", installation.bootstrap()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> read =
                new ArrayList<>(partitions(installation.topics().replies()));
        read.addAll(partitions(installation.topics().deadLetters()));
        consumer.assign(read);
        consumer.seekToBeginning(read);
    }

    private static List<TopicPartition> partitions(String topic) {
        return IntStream.range(0, Installation.PARTITIONS)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
    }

    public UUID send(Prompt prompt) throws ExecutionException, InterruptedException {
        sendRaw(prompt.getConversation().getBytes(StandardCharsets.UTF_8), EventCodec.PROMPT.encode(prompt));
        return prompt.getId();
    }

    /** Returns when the broker has it. */
    void sendRaw(byte[] key, byte[] value) throws ExecutionException, InterruptedException {
        send(new ProducerRecord<>(installation.topics().prompts(), key, value));
    }

    /** Returns when the broker has it. */
    void send(ProducerRecord<byte[], byte[]> record) throws ExecutionException, InterruptedException {
        producer.send(record).get();
    }

    /** Returns when the broker has it. */
    void cancel(Prompt prompt) throws ExecutionException, InterruptedException {
        Cancellation cancellation = new Cancellation(prompt.getId(), prompt.getConversation(), null);
        producer.send(new ProducerRecord<>(
                        installation.topics().controls(),
                        prompt.getConversation().getBytes(StandardCharsets.UTF_8),
                        EventCodec.CANCELLATION.encode(cancellation)))
                .get();
    }

    /** Sends and reads to the end. */
    public Reply ask(Prompt prompt) throws ExecutionException, InterruptedException {
        return awaitEnd(send(prompt));
    }

    public Reply awaitEnd(UUID promptId) {
        await(
                "end of " + promptId,
                () -> replies.containsKey(promptId) && reply(promptId).ended());
        return reply(promptId);
    }

    public Reply awaitTokens(UUID promptId, int tokens) {
        await(
                "tokens of " + promptId,
                () -> replies.containsKey(promptId) && reply(promptId).ids().size() >= tokens);
        return reply(promptId);
    }

    Reply awaitStarts(UUID promptId, int starts) {
        await(
                "start of " + promptId,
                () -> replies.containsKey(promptId) && reply(promptId).starts() >= starts);
        return reply(promptId);
    }

    boolean noDeadLetter() {
        return deadLetters.isEmpty();
    }

    ConsumerRecord<byte[], byte[]> awaitDeadLetter() {
        await("a dead letter", () -> !deadLetters.isEmpty());
        return deadLetters.remove(0);
    }

    boolean heardOf(UUID promptId) {
        return replies.containsKey(promptId);
    }

    private Reply reply(UUID promptId) {
        return Objects.requireNonNull(replies.get(promptId));
    }

    private void await(String what, BooleanSupplier there) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!there.getAsBoolean()) {
            assertThat(System.nanoTime()).as("no %s within %s", what, PATIENCE).isLessThan(deadline);
            consumer.poll(Duration.ofMillis(100)).forEach(this::onRecord);
        }
    }

    private void onRecord(ConsumerRecord<byte[], byte[]> record) {
        if (record.topic().equals(installation.topics().deadLetters())) {
            deadLetters.add(record);
            return;
        }
        try {
            ReplyEvent event = EventCodec.REPLY_EVENT.decode(record.value());
            replies.computeIfAbsent(event.getPromptId(), id -> new Reply(record.topic(), record.partition(), id))
                    .accept(record.offset(), event);
        } catch (MalformedEventException e) {
            throw new AssertionError("a worker wrote this", e);
        }
    }

    @Override
    public void close() {
        consumer.close();
        producer.close();
    }
}
