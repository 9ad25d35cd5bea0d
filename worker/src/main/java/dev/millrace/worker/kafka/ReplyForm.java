package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * How everything that answers one prompt is written. A prompt in JSON is answered in JSON, every other one in Avro, so
 * whoever takes the prompt over writes the same. Immutable.
 *
 * @param headers of every record
 */
record ReplyForm(boolean json, List<Header> headers) {
    private static final Header CONTENT_TYPE =
            new RecordHeader("content-type", PromptHeaders.JSON.getBytes(StandardCharsets.UTF_8));

    /** The form of the answer to a prompt with these headers. */
    static ReplyForm of(PromptHeaders prompt, boolean json) {
        List<Header> headers = new ArrayList<>(prompt.echoed());
        if (json) {
            headers.add(CONTENT_TYPE);
        }
        return new ReplyForm(json, List.copyOf(headers));
    }

    /** A record about this prompt; without a partition it is the key's. */
    <T extends SpecificRecordBase> ProducerRecord<byte[], byte[]> record(
            String topic, @Nullable Integer partition, UUID promptId, EventCodec<T> codec, T event) {
        byte[] key = promptId.toString().getBytes(StandardCharsets.UTF_8);
        return new ProducerRecord<>(
                topic, partition, key, json ? codec.encodeJson(event) : codec.encode(event), headers);
    }
}
