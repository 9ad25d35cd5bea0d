package dev.millrace.worker.kafka;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Headers;

/**
 * Keeps what cannot be answered, as it was, with where it stood and why. The headers are Spring's, which tools for
 * dead letters know: numbers big-endian, text in UTF-8; one of ours has the stable code. Owned by the delivery context.
 */
final class DeadLetters {
    private static final long RETRY_MS = 1000;

    private final Lane lane;

    DeadLetters(Lane lane) {
        this.lane = lane;
    }

    /**
     * Completes when the record is safe; tries for as long as it takes. It may come to stand there twice.
     *
     * @param code of the reason, stable and machine-readable
     */
    Future<Void> bury(ConsumerRecord<byte[], byte[]> record, String code, Exception reason) {
        ProducerRecord<byte[], byte[]> letter =
                new ProducerRecord<>(lane.topics().deadLetters(), null, record.key(), record.value(), record.headers());
        describe(letter.headers(), record, code, reason);
        Promise<Void> buried = Promise.promise();
        send(letter, () -> noteOf(record, code, reason), buried);
        return buried.future();
    }

    /** Where the record stands and why, without what it holds: it stays in its topic for as long as any prompt. */
    private ProducerRecord<byte[], byte[]> noteOf(
            ConsumerRecord<byte[], byte[]> record, String code, Exception reason) {
        ProducerRecord<byte[], byte[]> note =
                new ProducerRecord<>(lane.topics().deadLetters(), null, null, (byte[]) null);
        describe(note.headers(), record, code, reason);
        note.headers().add("millrace-left-out-bytes", number(Math.max(0, record.serializedValueSize())));
        return note;
    }

    private void send(
            ProducerRecord<byte[], byte[]> letter,
            Supplier<ProducerRecord<byte[], byte[]>> shorter,
            Promise<Void> buried) {
        lane.onContext(lane.sender().send(letter))
                .onSuccess(offset -> buried.complete())
                .onFailure(failure -> {
                    lane.suspect(new TopicPartition(letter.topic(), 0));
                    // What is too large for the topic will be so again.
                    ProducerRecord<byte[], byte[]> next =
                            failure instanceof RecordTooLargeException ? shorter.get() : letter;
                    lane.context().owner().setTimer(RETRY_MS, timer -> send(next, shorter, buried));
                });
    }

    private static void describe(
            Headers headers, ConsumerRecord<byte[], byte[]> record, String code, Exception reason) {
        headers.add("kafka_dlt-original-topic", text(record.topic()));
        headers.add(
                "kafka_dlt-original-partition",
                ByteBuffer.allocate(Integer.BYTES).putInt(record.partition()).array());
        headers.add("kafka_dlt-original-offset", number(record.offset()));
        headers.add("kafka_dlt-original-timestamp", number(record.timestamp()));
        headers.add("kafka_dlt-original-timestamp-type", text(record.timestampType().name));
        headers.add("kafka_dlt-exception-fqcn", text(reason.getClass().getName()));
        headers.add("kafka_dlt-exception-message", text(String.valueOf(reason.getMessage())));
        headers.add("millrace-error-code", text(code));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] number(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }
}
