package dev.millrace.compose.bench;

import dev.millrace.compose.stack.Expected;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
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
 * {@code make bench-chunks}: what the tokens of 1, 8 and 64 streams cost as events: how many there are, what the whole
 * stack needs of the CPU, and how long a reader waits from one chunk of a stream to the next.
 */
final class ChunkBenchmark {

    private static final int TOKENS = 300;
    private static final double NANOS_PER_MS = 1e6;
    private static final Topics TOPICS = new Topics("");

    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ProcessHandle stack;

    private ChunkBenchmark(String bootstrap, ProcessHandle stack) {
        this.stack = stack;
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> replies = consumer.partitionsFor(TOPICS.replies()).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(replies);
        consumer.seekToEnd(replies);
        replies.forEach(consumer::position);
    }

    /**
     * Measures, prints and ends.
     *
     * @param arguments the broker's address, the process of the stack
     */
    public static void main(String[] arguments) throws Exception {
        ProcessHandle stack = ProcessHandle.of(Long.parseLong(arguments[1])).orElseThrow();
        ChunkBenchmark benchmark = new ChunkBenchmark(arguments[0], stack);
        benchmark.run(8);
        System.out.printf(
                "%8s %10s %10s %14s %16s %12s %12s%n",
                "streams", "tokens/s", "chunks/s", "tokens/chunk", "CPU us/token", "p50 ms", "p99 ms");
        for (int streams : new int[] {1, 8, 64}) {
            System.out.println(benchmark.run(streams));
        }
        System.exit(0);
    }

    private String run(int streams) throws Exception {
        Map<UUID, Long> lastChunkNanos = new HashMap<>();
        List<Double> gapsMs = new ArrayList<>();
        int tokens = 0;
        int chunks = 0;
        int ended = 0;
        Duration cpuBefore = stack.info().totalCpuDuration().orElseThrow();
        long beganNanos = System.nanoTime();
        send(streams);
        while (ended < streams) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                ReplyEvent event = EventCodec.REPLY_EVENT.decode(record.value());
                ended += event.getBody() instanceof Finished ? 1 : 0;
                if (event.getBody() instanceof Tokens chunk) {
                    long nowNanos = System.nanoTime();
                    Long last = lastChunkNanos.put(event.getPromptId(), nowNanos);
                    if (last != null) {
                        gapsMs.add((nowNanos - last) / NANOS_PER_MS);
                    }
                    tokens += chunk.getIds().size();
                    chunks++;
                }
            }
        }
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        Duration cpu = stack.info().totalCpuDuration().orElseThrow().minus(cpuBefore);
        Collections.sort(gapsMs);
        return String.format(
                Locale.ROOT,
                "%8d %10.0f %10.0f %14.2f %16.0f %12.2f %12.2f",
                streams,
                tokens / seconds,
                chunks / seconds,
                tokens / (double) chunks,
                cpu.toNanos() / 1e3 / tokens,
                gapsMs.get(gapsMs.size() / 2),
                gapsMs.get(gapsMs.size() * 99 / 100));
    }

    private void send(int streams) throws Exception {
        for (int i = 0; i < streams; i++) {
            Prompt prompt = Expected.longest().greedyPrompt();
            prompt.getSampling().setMaxNewTokens(TOKENS);
            var unused = producer.send(new ProducerRecord<>(
                    TOPICS.prompts(),
                    prompt.getConversation().getBytes(StandardCharsets.UTF_8),
                    EventCodec.PROMPT.encode(prompt)));
        }
        producer.flush();
    }
}
