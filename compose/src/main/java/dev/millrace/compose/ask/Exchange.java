package dev.millrace.compose.ask;

import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.TopicRules;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * One prompt and the reply events that answer it. The end of the reply partition is read before the prompt is sent, so
 * nothing about the prompt can stand before it. Owned by the main thread.
 */
final class Exchange implements AutoCloseable {

    /** A worker shows that it lives more often than this; also how long a prompt waits for a worker. */
    private static final long SILENCE_MS = 60_000;

    private final Topics topics = new Topics("");
    private final UUID id = UUID.randomUUID();
    private final KafkaConsumer<String, byte[]> consumer;
    private final KafkaProducer<String, byte[]> producer;
    private final ReplyAddress replyTo;

    /** @throws AskFailure if there is no topic to read replies from */
    Exchange(String bootstrap) {
        consumer = KafkaClients.consumer(bootstrap);
        producer = KafkaClients.producer(bootstrap, TopicRules.MAX_PROMPT_BYTES + TopicRules.BATCH_HEADROOM_BYTES);
        replyTo = endOf(replyPartition());
    }

    private TopicPartition replyPartition() {
        int partitions = consumer.partitionsFor(topics.replies()).size();
        if (partitions == 0) {
            throw new AskFailure("the broker has no topic " + topics.replies() + ": no worker has started there yet");
        }
        return new TopicPartition(topics.replies(), Topics.replyPartition(id, partitions));
    }

    private ReplyAddress endOf(TopicPartition partition) {
        consumer.assign(List.of(partition));
        consumer.seekToEnd(List.of(partition));
        return new ReplyAddress(partition.topic(), partition.partition(), consumer.position(partition));
    }

    /** Blocks until the broker has the prompt. */
    void send(Question question) {
        Prompt prompt = question.prompt(id, replyTo);
        byte[] event = EventCodec.PROMPT.encode(prompt);
        try {
            producer.send(new ProducerRecord<>(topics.prompts(), prompt.getConversation(), event))
                    .get();
        } catch (ExecutionException e) {
            throw new AskFailure("the broker does not take the prompt: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            throw new AskFailure("interrupted", e);
        }
    }

    /**
     * Blocks until the terminal event has been delivered.
     *
     * @throws AskFailure when there is no sign of life
     */
    void read(Consumer<Delivery> reader) {
        ReplyStream stream =
                ReplyStream.resume(Cursor.start(replyTo.getTopic(), replyTo.getPartition(), id, replyTo.getOffset()));
        long lastSignMs = System.currentTimeMillis();
        while (!stream.ended()) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(250))) {
                Delivery delivery = accept(stream, record);
                if (delivery != Delivery.Ignored.IGNORED) {
                    lastSignMs = System.currentTimeMillis();
                    reader.accept(delivery);
                }
            }
            if (System.currentTimeMillis() - lastSignMs > SILENCE_MS) {
                throw new AskFailure("no sign of life from a worker for " + SILENCE_MS / 1000 + " s");
            }
        }
    }

    /** A malformed event of whichever writer is nobody's answer. */
    private static Delivery accept(ReplyStream stream, ConsumerRecord<String, byte[]> record) {
        try {
            return stream.accept(record.offset(), EventCodec.REPLY_EVENT.decode(record.value()));
        } catch (MalformedEventException e) {
            return Delivery.Ignored.IGNORED;
        }
    }

    /** Leaves the last fetch unanswered, which the broker would hold back for half a second. */
    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ZERO));
        producer.close(Duration.ofMillis(KafkaClients.PATIENCE_MS));
    }
}
