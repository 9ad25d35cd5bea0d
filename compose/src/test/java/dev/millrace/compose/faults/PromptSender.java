package dev.millrace.compose.faults;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends prompts, and what is none. Owned by the main thread. */
final class PromptSender implements AutoCloseable {

    private static final int MAX_REQUEST_BYTES = 9 << 20;

    private final Topics topics;
    private final LogReader reader;
    private final KafkaProducer<byte[], byte[]> producer;

    PromptSender(Cluster cluster) {
        topics = cluster.topics();
        reader = cluster.reader();
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", cluster.bootstrap(), "max.request.size", MAX_REQUEST_BYTES),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** Half of the prompts say from where their answer is to be read back; of the others the worker works it out. */
    StreamAudit ask(Question question, Random random) throws ExecutionException, InterruptedException {
        UUID id = new UUID(random.nextLong(), random.nextLong());
        int partition = Topics.replyPartition(id, Cluster.PARTITIONS);
        StreamAudit stream = new StreamAudit(id, question, topics.replies(), partition);
        reader.watch(stream);
        Prompt prompt = question.prompt(id, random.nextBoolean() ? replyAddress(partition) : null);
        send(prompt.getConversation(), EventCodec.PROMPT.encode(prompt));
        return stream;
    }

    private ReplyAddress replyAddress(int partition) {
        long position = Objects.requireNonNull(reader.positions().get(new TopicPartition(topics.replies(), partition)));
        return new ReplyAddress(topics.replies(), partition, position);
    }

    /** Returns when the broker has it. */
    void send(String key, byte[] value) throws ExecutionException, InterruptedException {
        producer.send(new ProducerRecord<>(topics.prompts(), key.getBytes(StandardCharsets.UTF_8), value))
                .get();
    }

    @Override
    public void close() {
        producer.close();
    }
}
