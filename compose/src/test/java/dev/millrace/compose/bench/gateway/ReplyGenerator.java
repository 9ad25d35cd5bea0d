package dev.millrace.compose.bench.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Stands in for workers: takes prompts and answers them with events, with a worker's settings of the producer. Owned by
 * the benchmark's thread; the producer's notes when the broker appended what.
 */
final class ReplyGenerator implements AutoCloseable {
    static final String STREAM = "stream";
    static final String HEAVY = "heavy";

    private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();
    private static final Topics TOPICS = new Topics("");
    private static final long SESSION = 1;

    /** One answer. */
    static final class Stream {
        private final Prompt prompt;
        private final byte[] key;
        private int nextIndex;

        Stream(Prompt prompt) {
            this.prompt = prompt;
            this.key = prompt.getId().toString().getBytes(UTF_8);
        }

        boolean heavy() {
            return prompt.getMessages().get(0).getContent().equals(HEAVY);
        }
    }

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final KafkaProducer<byte[], byte[]> producer;
    /** By the number of the event; written by the producer's thread. */
    private final long[] appendedUnixMs = new long[Arrivals.MOST_EVENTS];

    /** The topics exist. From now on it hears of prompts. */
    ReplyGenerator(String bootstrap) {
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "linger.ms", 2, "acks", "all"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        List<TopicPartition> prompts = consumer.partitionsFor(TOPICS.prompts()).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(prompts);
        consumer.seekToEnd(prompts);
        prompts.forEach(consumer::position);
    }

    /** Waits for so many and claims them. */
    List<Stream> take(int prompts) throws MalformedEventException {
        List<Stream> taken = new ArrayList<>();
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (taken.size() < prompts) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(taken.size() + " of " + prompts + " prompts have come");
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                Stream stream = new Stream(EventCodec.PROMPT.decode(record.value()));
                send(stream, new Claimed("generator", "model", record.partition()), -1);
                taken.add(stream);
            }
        }
        return taken;
    }

    /** The next event of a stream. */
    void send(Stream stream, int tokens, String text, int number) {
        send(stream, new Tokens(stream.nextIndex, Collections.nCopies(tokens, 1), text, null), number);
        stream.nextIndex += tokens;
    }

    void finish(Stream stream) {
        Usage usage = new Usage(1, stream.nextIndex, 0, 0);
        send(stream, new Finished(FinishReason.LENGTH, "", usage, new Timings(0d, 0d, 0d), null), -1);
    }

    private void send(Stream stream, Object body, int number) {
        UUID id = stream.prompt.getId();
        byte[] value = EventCodec.REPLY_EVENT.encode(new ReplyEvent(id, SESSION, SESSION, body));
        var to = stream.prompt.getReplyTo();
        var unused = producer.send(
                new ProducerRecord<>(to.getTopic(), to.getPartition(), stream.key, value), (metadata, failure) -> {
                    if (failure == null && number >= 0) {
                        appendedUnixMs[number] = metadata.timestamp();
                    }
                });
    }

    /** Returns when the broker has all. */
    void flush() {
        producer.flush();
    }

    /** Milliseconds since 1970 by the broker's clock. After {@link #flush}. */
    long appendedUnixMs(int number) {
        return appendedUnixMs[number];
    }

    @Override
    public void close() {
        consumer.close();
        producer.close();
    }
}
