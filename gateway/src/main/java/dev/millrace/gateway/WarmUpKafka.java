package dev.millrace.gateway;

import dev.millrace.gateway.kafka.ReplyPartitions;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own stand-ins, in memory, behind which every prompt is answered at once with the same few words. The threads
 * of the gateway's clients meet here: each client is its own lock, and the log is guarded by that of {@link #earlier}.
 */
final class WarmUpKafka {
    private static final Duration TURN = Duration.ofMillis(1);
    private static final int WORDS = 8;

    private final Topics topics;
    private final TopicPartition replies;
    private final List<ConsumerRecord<byte[], byte[]>> log = new ArrayList<>();

    private final MockConsumer<byte[], byte[]> live = new MockConsumer<>("none") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            return patient(super.poll(timeout));
        }
    };

    /** Goes back in the log, as that one does not by itself. */
    private final MockConsumer<byte[], byte[]> earlier = new MockConsumer<>("none") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            if (!paused().contains(replies)) {
                log.stream().skip(position(replies)).forEach(this::addRecord);
            }
            return patient(super.poll(timeout));
        }
    };

    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()) {
                @Override
                public synchronized Future<RecordMetadata> send(
                        ProducerRecord<byte[], byte[]> record, Callback callback) {
                    Future<RecordMetadata> sent = super.send(record, callback);
                    if (record.topic().equals(topics.prompts())) {
                        answer(record);
                    }
                    return sent;
                }
            };

    WarmUpKafka(Topics topics) {
        this.topics = topics;
        this.replies = new TopicPartition(topics.replies(), 0);
        Stream.of(topics.attendance(), topics.workers(), topics.conversations(), topics.replies())
                .map(topic -> new TopicPartition(topic, 0))
                .forEach(partition -> {
                    live.updateBeginningOffsets(Map.of(partition, 0L));
                    live.updateEndOffsets(Map.of(partition, 0L));
                });
        earlier.updatePartitions(replies.topic(), List.of(new PartitionInfo(replies.topic(), 0, null, null, null)));
        earlier.updateBeginningOffsets(Map.of(replies, 0L));
        earlier.updateEndOffsets(Map.of(replies, 0L));
    }

    Gateway.Kafka clients() {
        return new Gateway.Kafka(new ReplyPartitions(List.of(replies)), live, earlier, producer);
    }

    /** A poll in memory does not wait by itself. */
    private static <K, V> ConsumerRecords<K, V> patient(ConsumerRecords<K, V> polled) {
        if (polled.isEmpty()) {
            LockSupport.parkNanos(TURN.toNanos());
        }
        return polled;
    }

    private void answer(ProducerRecord<byte[], byte[]> record) {
        try {
            UUID promptId = EventCodec.PROMPT.decode(record.value()).getId();
            append(promptId, new Claimed("warm-up", "warm-up", 0));
            for (int i = 0; i < WORDS; i++) {
                append(promptId, new Tokens(i, List.of(i), "warm ", null));
            }
            append(
                    promptId,
                    new Finished(FinishReason.STOP, "up", new Usage(1, WORDS, 0, 0), new Timings(0d, 0d, 0d), null));
        } catch (MalformedEventException e) {
            throw new IllegalStateException("a gateway's own prompt", e);
        }
    }

    private void append(UUID promptId, Object body) {
        byte[] key = promptId.toString().getBytes(StandardCharsets.UTF_8);
        byte[] value = EventCodec.REPLY_EVENT.encode(new ReplyEvent(promptId, 1L, 1L, body));
        synchronized (earlier) {
            ConsumerRecord<byte[], byte[]> event =
                    new ConsumerRecord<>(replies.topic(), replies.partition(), log.size(), key, value);
            log.add(event);
            live.schedulePollTask(() -> live.addRecord(event));
        }
    }
}
