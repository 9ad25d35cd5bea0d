package dev.millrace.compose.bench;

import dev.millrace.compose.stack.Expected;
import dev.millrace.compose.stack.Installation;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Long answers that are cancelled, one by one. Owned by the benchmark's thread, which reads while it waits. */
final class CancelledStreams {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** One of them; times are the broker's, in milliseconds since 1970. */
    private static final class Stream {
        private final Prompt prompt;
        private int claims;
        private boolean hasTokens;
        private long cancelledMs;
        private long endedMs;

        Stream(Prompt prompt) {
            this.prompt = prompt;
        }
    }

    private final Installation installation;
    private final Expected longest;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<UUID, Stream> streams = new LinkedHashMap<>();

    CancelledStreams(Installation installation) {
        this.installation = installation;
        Map<String, Object> broker = Map.of("bootstrap.servers", installation.bootstrap());
        producer = new KafkaProducer<>(broker, new ByteArraySerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(broker, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        String replies = installation.topics().replies();
        List<TopicPartition> partitions = consumer.partitionsFor(replies).stream()
                .map(partition -> new TopicPartition(replies, partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        try {
            longest = Expected.longest();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns when each has its first token. */
    void start(int count) throws ExecutionException, InterruptedException {
        streams.clear();
        for (int i = 0; i < count; i++) {
            Prompt prompt = longest.greedyPrompt();
            streams.put(prompt.getId(), new Stream(prompt));
            send(installation.topics().prompts(), prompt.getConversation(), EventCodec.PROMPT.encode(prompt));
        }
        await(() -> streams.values().stream().allMatch(stream -> stream.hasTokens));
    }

    /** Cancels each that is claimed once more, right then; milliseconds that it took, of each. */
    List<Long> cancelWhatMoves(long forMs) throws ExecutionException, InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(forMs);
        while (System.nanoTime() < until) {
            read();
            for (Stream stream : streams.values()) {
                if (stream.claims > 1 && stream.cancelledMs == 0) {
                    cancel(stream);
                }
            }
        }
        return awaitEnds();
    }

    boolean anyRunning() {
        return streams.values().stream().anyMatch(stream -> stream.cancelledMs == 0);
    }

    void cancelNext() throws ExecutionException, InterruptedException {
        cancel(streams.values().stream()
                .filter(stream -> stream.cancelledMs == 0)
                .findFirst()
                .orElseThrow());
    }

    /** The same of those that have been cancelled; they are forgotten then. */
    List<Long> awaitEnds() {
        List<Stream> cancelled = streams.values().stream()
                .filter(stream -> stream.cancelledMs > 0)
                .toList();
        await(() -> cancelled.stream().allMatch(stream -> stream.endedMs > 0));
        List<Long> took = new ArrayList<>();
        for (Stream stream : cancelled) {
            took.add(stream.endedMs - stream.cancelledMs);
            streams.remove(stream.prompt.getId());
        }
        return took;
    }

    private void cancel(Stream stream) throws ExecutionException, InterruptedException {
        Prompt prompt = stream.prompt;
        Cancellation cancellation = new Cancellation(prompt.getId(), prompt.getConversation(), null);
        stream.cancelledMs = send(
                installation.topics().controls(),
                prompt.getConversation(),
                EventCodec.CANCELLATION.encode(cancellation));
    }

    /** When it was appended. */
    private long send(String topic, String key, byte[] value) throws ExecutionException, InterruptedException {
        return producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                .get()
                .timestamp();
    }

    private void await(BooleanSupplier there) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!there.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("what was awaited did not come");
            }
            read();
        }
    }

    private void read() {
        consumer.poll(Duration.ofMillis(20)).forEach(this::onRecord);
    }

    private void onRecord(ConsumerRecord<byte[], byte[]> record) {
        try {
            ReplyEvent event = EventCodec.REPLY_EVENT.decode(record.value());
            Stream stream = streams.get(event.getPromptId());
            if (stream != null) {
                onEvent(stream, event.getBody(), record.timestamp());
            }
        } catch (MalformedEventException e) {
            throw new IllegalStateException("a worker wrote this", e);
        }
    }

    private static void onEvent(Stream stream, Object body, long appendedMs) {
        if (body instanceof Claimed) {
            stream.claims++;
        } else if (body instanceof Tokens) {
            stream.hasTokens = true;
        } else if (body instanceof Finished finished) {
            if (finished.getReason() != FinishReason.CANCELLED) {
                throw new IllegalStateException("it ended with " + finished.getReason());
            }
            stream.endedMs = appendedMs;
        }
    }
}
