package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import dev.millrace.schemas.event.Tokens;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Sends prompts and reads what comes, without asking which of it counts. Owned by the benchmark's thread. */
final class BenchmarkClient {
    private static final String QUESTION = "Write a short story about a robot learning to paint.";
    private static final long PATIENCE_NANOS = Duration.ofMinutes(2).toNanos();

    /**
     * What came of prompts that were sent together.
     *
     * @param firstNanos from sending to the first tokens
     * @param allNanos from sending to the last end
     */
    record Outcome(long firstNanos, long allNanos, int tokens) {}

    private final BenchmarkWorker worker;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final TopicPartition replies;

    BenchmarkClient(BenchmarkWorker worker) {
        this.worker = worker;
        this.replies = new TopicPartition(worker.topics().replies(), 0);
        Map<String, Object> broker = Map.of("bootstrap.servers", worker.bootstrap());
        producer = new KafkaProducer<>(broker, new ByteArraySerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(broker, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(List.of(replies));
        consumer.seekToEnd(List.of(replies));
        consumer.position(replies);
    }

    /** Where the next event will stand. */
    long end() {
        return Objects.requireNonNull(consumer.endOffsets(List.of(replies)).get(replies));
    }

    /** Greedily; the offset, where there is one, is the replyTo.offset of the prompts. */
    Outcome ask(int prompts, int tokensEach, @Nullable Long offset) {
        long sentNanos = System.nanoTime();
        Set<UUID> running = new HashSet<>();
        for (int i = 0; i < prompts; i++) {
            Prompt prompt = prompt(tokensEach, offset);
            running.add(prompt.getId());
            var unused = producer.send(new ProducerRecord<>(
                    worker.topics().prompts(), new byte[] {(byte) i}, EventCodec.PROMPT.encode(prompt)));
        }
        producer.flush();
        return read(running, sentNanos);
    }

    private Prompt prompt(int tokens, @Nullable Long offset) {
        return Prompt.newBuilder()
                .setId(UUID.randomUUID())
                .setConversation("benchmark")
                .setMessages(List.of(new Message(Role.USER, QUESTION)))
                .setSampling(Sampling.newBuilder()
                        .setTemperature(0f)
                        .setMaxNewTokens(tokens)
                        .build())
                .setReplyTo(offset == null ? null : new ReplyAddress(replies.topic(), replies.partition(), offset))
                .build();
    }

    private Outcome read(Set<UUID> running, long sentNanos) {
        long firstNanos = 0;
        int tokens = 0;
        while (!running.isEmpty()) {
            if (System.nanoTime() - sentNanos > PATIENCE_NANOS) {
                throw new IllegalStateException("no end of " + running);
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                ReplyEvent event = decode(record.value());
                if (event.getBody() instanceof Tokens chunk) {
                    firstNanos = firstNanos == 0 ? System.nanoTime() - sentNanos : firstNanos;
                    tokens += chunk.getIds().size();
                } else if (event.getBody() instanceof Finished) {
                    running.remove(event.getPromptId());
                }
            }
        }
        return new Outcome(firstNanos, System.nanoTime() - sentNanos, tokens);
    }

    /** Appends events of other prompts, and passes over them. */
    void appendForeign(int count) {
        for (int i = 0; i < count; i++) {
            UUID promptId = new UUID(i, i);
            ReplyEvent event = new ReplyEvent(promptId, 1L, 1L, new Tokens(0, List.of(i), "foreign", null));
            byte[] key = promptId.toString().getBytes(StandardCharsets.UTF_8);
            var unused =
                    producer.send(new ProducerRecord<>(replies.topic(), 0, key, EventCodec.REPLY_EVENT.encode(event)));
        }
        producer.flush();
        consumer.seekToEnd(List.of(replies));
        consumer.position(replies);
    }

    private static ReplyEvent decode(byte[] value) {
        try {
            return EventCodec.REPLY_EVENT.decode(value);
        } catch (MalformedEventException e) {
            throw new IllegalStateException(e);
        }
    }
}
