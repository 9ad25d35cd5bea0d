package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.gateway.kafka.ReplayedLog;
import dev.millrace.gateway.kafka.ReplyPartitions;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.WorkerStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Kafka in memory: what was sent can be looked at, replies are put in by hand. */
final class FakeKafka {
    static final TopicPartition REPLIES = new TopicPartition("replies", 5);
    private static final TopicPartition ATTENDANCE = new TopicPartition("attendance", 0);
    private static final TopicPartition COMPLETIONS = new TopicPartition("completions", 0);
    private static final TopicPartition TURNS = new TopicPartition("turns", 0);
    private static final TopicPartition CONVERSATIONS = new TopicPartition("conversations", 0);
    private static final TopicPartition WORKERS = new TopicPartition("workers", 0);
    /** Where the log ended when the gateway started. */
    static final long FIRST_OFFSET = 100;

    private static final long MOST_KEPT = 1_000;

    final MockProducer<byte[], byte[]> producer;
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
            if (records.isEmpty()) {
                LockSupport.parkNanos(Duration.ofMillis(1).toNanos()); // the one in memory does not wait by itself
            }
            return records;
        }
    };
    private final ReplayedLog log = new ReplayedLog();
    private long nextOffset = FIRST_OFFSET;
    private long nextAttendance;
    private long nextHeartbeat;
    /** Guarded by the producer's monitor, under which records are sent. */
    private volatile long nextTurn;

    private long nextConversation;
    private int seenPrompts;

    /** @param answers whether sends are acknowledged by themselves */
    FakeKafka(boolean answers) {
        producer = new MockProducer<>(answers, null, new ByteArraySerializer(), new ByteArraySerializer()) {
            @Override
            public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
                keep(record);
                return super.send(record, callback);
            }
        };
        consumer.updateEndOffsets(
                Map.of(REPLIES, FIRST_OFFSET, ATTENDANCE, 0L, WORKERS, 0L, CONVERSATIONS, nextConversation));
        consumer.updateBeginningOffsets(Map.of(CONVERSATIONS, 0L));
    }

    /** Turns and what is kept of conversations can be read as soon as they are sent, here and at other gateways. */
    private void keep(ProducerRecord<byte[], byte[]> record) {
        if (record.topic().equals(TURNS.topic())) {
            long offset = nextTurn;
            nextTurn = offset + 1;
            log.append(record(TURNS, offset, record));
            log.updateEndOffsets(Map.of(TURNS, offset + 1));
        } else if (record.topic().equals(CONVERSATIONS.topic())) {
            ConsumerRecord<byte[], byte[]> kept = record(CONVERSATIONS, nextConversation++, record);
            log.updateEndOffsets(Map.of(CONVERSATIONS, nextConversation));
            consumer.schedulePollTask(() -> consumer.addRecord(kept));
        }
    }

    private static ConsumerRecord<byte[], byte[]> record(
            TopicPartition partition, long offset, ProducerRecord<byte[], byte[]> sent) {
        return new ConsumerRecord<>(
                partition.topic(),
                partition.partition(),
                offset,
                sent.timestamp() == null ? System.currentTimeMillis() : sent.timestamp(),
                TimestampType.CREATE_TIME,
                0,
                0,
                sent.key(),
                sent.value(),
                new RecordHeaders(),
                Optional.empty());
    }

    Gateway.Kafka clients() {
        return new Gateway.Kafka(new ReplyPartitions(List.of(REPLIES)), consumer, log, producer);
    }

    /** The next prompt that the gateway sends. */
    Prompt awaitPrompt() {
        await().until(() -> sentTo("prompts").size() > seenPrompts);
        return decode(EventCodec.PROMPT, sentTo("prompts").get(seenPrompts++));
    }

    List<Prompt> prompts() {
        return sentTo("prompts").stream()
                .map(record -> decode(EventCodec.PROMPT, record))
                .toList();
    }

    /** But for those that are deleted. */
    List<Prompt> turns() {
        return sentTo("turns").stream()
                .filter(record -> record.value() != null)
                .map(record -> decode(EventCodec.PROMPT, record))
                .toList();
    }

    List<Cancellation> cancellations() {
        return sentTo("controls").stream()
                .map(record -> decode(EventCodec.CANCELLATION, record))
                .toList();
    }

    /** What has been sent since the last call, and forgets it, as it does old replies. */
    synchronized List<ProducerRecord<byte[], byte[]>> takeSent() {
        log.deleteBefore(REPLIES, Math.max(0, nextOffset - MOST_KEPT));
        log.deleteBefore(TURNS, Math.max(0, nextTurn - MOST_KEPT));
        synchronized (producer) { // its own lock
            List<ProducerRecord<byte[], byte[]>> sent = producer.history();
            producer.clear();
            return sent;
        }
    }

    List<ProducerRecord<byte[], byte[]>> sentTo(String topic) {
        return producer.history().stream()
                .filter(record -> record.topic().equals(topic))
                .toList();
    }

    /** All of them in one poll. */
    synchronized void reply(ReplyEvent... events) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (ReplyEvent event : events) {
            records.add(record(nextOffset++, event));
        }
        records.forEach(log::append);
        consumer.schedulePollTask(() -> records.forEach(consumer::addRecord));
    }

    /** What was said before the gateway started. */
    synchronized void past(ReplyEvent... events) {
        long offset = FIRST_OFFSET - events.length;
        for (ReplyEvent event : events) {
            log.append(record(offset++, event));
        }
    }

    /** The whole answer, as it stands in the topic of those. */
    synchronized void completed(Completion answer) {
        byte[] key = answer.getPromptId().toString().getBytes(StandardCharsets.UTF_8);
        log.append(new ConsumerRecord<>(
                COMPLETIONS.topic(), COMPLETIONS.partition(), 0, key, EventCodec.COMPLETION.encode(answer)));
        log.updateEndOffsets(Map.of(COMPLETIONS, 1L));
    }

    void forgetThePast() {
        log.deleteBefore(REPLIES, FIRST_OFFSET);
    }

    /** What the gateway would read next is deleted already. */
    synchronized void deleteWhatComesNext() {
        consumer.updateBeginningOffsets(Map.of(REPLIES, nextOffset));
        consumer.setPollException(new OffsetOutOfRangeException(Map.of(REPLIES, nextOffset)));
    }

    List<Attendance> attendance() {
        return sentTo("attendance").stream()
                .map(record -> decode(EventCodec.ATTENDANCE, record))
                .toList();
    }

    /** What another socket says of who waits. */
    synchronized void attend(Attendance said) {
        byte[] key = said.getPromptId().toString().getBytes(StandardCharsets.UTF_8);
        var record =
                new ConsumerRecord<>(ATTENDANCE.topic(), 0, nextAttendance++, key, EventCodec.ATTENDANCE.encode(said));
        consumer.schedulePollTask(() -> consumer.addRecord(record));
    }

    /** What a worker says of itself; null: that it leaves. */
    synchronized void heartbeat(String workerId, @Nullable WorkerStatus status) {
        byte[] value = status == null ? null : EventCodec.WORKER_STATUS.encode(status);
        var record = new ConsumerRecord<>(
                WORKERS.topic(),
                WORKERS.partition(),
                nextHeartbeat++,
                System.currentTimeMillis(),
                TimestampType.LOG_APPEND_TIME,
                0,
                0,
                workerId.getBytes(StandardCharsets.UTF_8),
                value,
                new RecordHeaders(),
                Optional.empty());
        consumer.schedulePollTask(() -> consumer.addRecord(record));
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, ReplyEvent event) {
        byte[] key = event.getPromptId().toString().getBytes(StandardCharsets.UTF_8);
        return new ConsumerRecord<>(
                REPLIES.topic(), REPLIES.partition(), offset, key, EventCodec.REPLY_EVENT.encode(event));
    }

    private static <T extends SpecificRecordBase> T decode(EventCodec<T> codec, ProducerRecord<byte[], byte[]> record) {
        try {
            return codec.decode(record.value());
        } catch (MalformedEventException e) {
            throw new AssertionError(e);
        }
    }

    static String key(ProducerRecord<byte[], byte[]> record) {
        assertThat(record.key()).isNotNull();
        return new String(record.key(), StandardCharsets.UTF_8);
    }
}
