package dev.millrace.compose.faults;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.ReplyEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * Follows replies, whole answers and dead letters on a thread of its own, which owns the consumer. Its monitor guards
 * the streams, which that thread feeds and the matrix looks at.
 */
final class LogReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(200);

    private final Topics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<UUID, StreamAudit> streams = new HashMap<>();
    private final Map<TopicPartition, Long> positions = new HashMap<>();
    private final Set<String> deadLetters = new HashSet<>();
    private @Nullable Throwable failure;
    private volatile boolean closing;

    /** Starts at the ends of the partitions. */
    LogReader(String bootstrap, Topics topics, int partitions) {
        this.topics = topics;
        consumer = consumer(bootstrap);
        List<TopicPartition> read = Stream.of(topics.replies(), topics.completions(), topics.deadLetters())
                .flatMap(topic -> partitions(topic, partitions))
                .toList();
        consumer.assign(read);
        positions.putAll(consumer.beginningOffsets(read));
        positions.forEach(consumer::seek);
        Thread thread = new Thread(this::run, "log-reader");
        thread.setDaemon(true);
        thread.start();
    }

    static Stream<TopicPartition> partitions(String topic, int partitions) {
        return IntStream.range(0, partitions).mapToObj(partition -> new TopicPartition(topic, partition));
    }

    static KafkaConsumer<byte[], byte[]> consumer(String bootstrap) {
        return new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "none", "reconnect.backoff.max.ms", 200),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    synchronized void watch(StreamAudit stream) {
        streams.put(stream.id(), stream);
    }

    private void run() {
        try (consumer) {
            while (!closing) {
                var records = consumer.poll(POLL);
                long nowNanos = System.nanoTime();
                synchronized (this) {
                    for (ConsumerRecord<byte[], byte[]> record : records) {
                        onRecord(record, nowNanos);
                    }
                    notifyAll();
                }
            }
        } catch (Throwable t) { // the top of this thread: whoever waits hears of it
            synchronized (this) {
                failure = t;
                notifyAll();
            }
        }
    }

    private void onRecord(ConsumerRecord<byte[], byte[]> record, long nowNanos) throws MalformedEventException {
        positions.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
        if (record.topic().equals(topics.replies())) {
            onReply(streams, record, nowNanos);
        } else if (record.topic().equals(topics.completions())) {
            Completion completion = EventCodec.COMPLETION.decode(record.value());
            StreamAudit stream = streams.get(completion.getPromptId());
            if (stream != null) {
                stream.onCompletion(completion);
            }
        } else {
            deadLetters.add(new String(record.key(), StandardCharsets.UTF_8));
        }
    }

    static void onReply(Map<UUID, StreamAudit> streams, ConsumerRecord<byte[], byte[]> record, long nowNanos)
            throws MalformedEventException {
        ReplyEvent event = EventCodec.REPLY_EVENT.decode(record.value());
        StreamAudit stream = streams.get(event.getPromptId());
        if (stream != null && stream.partition() == record.partition()) {
            stream.onReply(record.offset(), event, nowNanos);
        }
    }

    /** Whether it came true in time. */
    synchronized boolean await(Duration patience, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (failure != null) {
                throw new IllegalStateException("the reader has failed", failure);
            }
            if (leftMs <= 0) {
                return false;
            }
            wait(leftMs);
        }
        return true;
    }

    /** Everything before has been seen. */
    synchronized Map<TopicPartition, Long> positions() {
        return Map.copyOf(positions);
    }

    synchronized boolean hasDeadLetter(String key) {
        return deadLetters.contains(key);
    }

    /** Returns at once. */
    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
    }
}
