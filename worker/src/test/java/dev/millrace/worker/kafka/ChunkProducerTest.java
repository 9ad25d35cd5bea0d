package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChunkProducerTest {
    private final AtomicLong nanoClock = new AtomicLong();
    private final Kafka kafka = new Kafka();
    private final ChunkProducer producer = new ChunkProducer("send-test", kafka, nanoClock::get);

    @BeforeEach
    void start() {
        var unused = producer.start();
    }

    @AfterEach
    void close() {
        producer.close();
    }

    @Test
    void waitsForAMissingTopicOnceAndNotForEachOfItsRecords() {
        List<CompletableFuture<Long>> sends = List.of(send("missing"), send("missing"), send("missing"));

        assertThat(send("there").join()).isZero();
        assertThat(sends).allMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(kafka.asked).containsExactly("missing", "there");
    }

    @Test
    void asksForAMissingTopicAgainLater() {
        assertThatThrownBy(send("missing")::join).hasCauseInstanceOf(TimeoutException.class);

        nanoClock.addAndGet(TimeUnit.SECONDS.toNanos(5));

        assertThatThrownBy(send("missing")::join).hasCauseInstanceOf(TimeoutException.class);
        assertThat(kafka.asked).containsExactly("missing", "missing");
    }

    @Test
    void takesAFullBufferForNobodysFault() {
        assertThatThrownBy(send("full")::join).hasCauseInstanceOf(BufferExhaustedException.class);
        assertThatThrownBy(send("full")::join).hasCauseInstanceOf(BufferExhaustedException.class);

        assertThat(kafka.asked).containsExactly("full", "full");
    }

    private CompletableFuture<Long> send(String topic) {
        return producer.send(new ProducerRecord<>(topic, 0, null, new byte[0]));
    }

    /** Kafka's own mock, with a topic that it does not find and one that has no room: as the real one tells of them. */
    private static final class Kafka extends MockProducer<byte[], byte[]> {
        final List<String> asked = new CopyOnWriteArrayList<>();

        Kafka() {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
            asked.add(record.topic());
            if (record.topic().equals("there")) {
                return super.send(record, callback);
            }
            RuntimeException failure = record.topic().equals("full")
                    ? new BufferExhaustedException("no room")
                    : new TimeoutException("Topic missing not present in metadata");
            callback.onCompletion(
                    new RecordMetadata(new TopicPartition(record.topic(), 0), -1, -1, -1, -1, -1), failure);
            return CompletableFuture.failedFuture(failure);
        }
    }
}
