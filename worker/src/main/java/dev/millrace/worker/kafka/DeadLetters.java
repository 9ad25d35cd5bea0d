package dev.millrace.worker.kafka;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * Keeps what cannot be answered, as it was, with where it stood and why. The headers are Spring's, which tools for
 * dead letters know: numbers big-endian, text in UTF-8. Owned by the delivery context.
 */
final class DeadLetters {
    private static final long RETRY_MS = 1000;

    private final Lane lane;

    DeadLetters(Lane lane) {
        this.lane = lane;
    }

    /** Completes when the record is safe; tries for as long as it takes. It may come to stand there twice. */
    Future<Void> bury(ConsumerRecord<byte[], byte[]> record, String reason) {
        ProducerRecord<byte[], byte[]> letter =
                new ProducerRecord<>(lane.topics().deadLetters(), null, record.key(), record.value(), record.headers());
        Headers headers = letter.headers();
        headers.add("kafka_dlt-original-topic", record.topic().getBytes(StandardCharsets.UTF_8));
        headers.add(
                "kafka_dlt-original-partition",
                ByteBuffer.allocate(Integer.BYTES).putInt(record.partition()).array());
        headers.add(
                "kafka_dlt-original-offset",
                ByteBuffer.allocate(Long.BYTES).putLong(record.offset()).array());
        headers.add("kafka_dlt-exception-message", reason.getBytes(StandardCharsets.UTF_8));
        Promise<Void> buried = Promise.promise();
        send(letter, buried);
        return buried.future();
    }

    private void send(ProducerRecord<byte[], byte[]> letter, Promise<Void> buried) {
        lane.onContext(lane.sender().send(letter))
                .onSuccess(offset -> buried.complete())
                .onFailure(failure -> lane.context().owner().setTimer(RETRY_MS, timer -> send(letter, buried)));
    }
}
