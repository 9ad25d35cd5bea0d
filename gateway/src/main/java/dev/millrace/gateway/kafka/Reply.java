package dev.millrace.gateway.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.ReplyEvent;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event of a reply partition.
 *
 * @param offset its place there
 */
public record Reply(long offset, ReplyEvent event) {
    private static final Logger LOG = LoggerFactory.getLogger(Reply.class);

    /** The text of a record's key. */
    static @Nullable String key(ConsumerRecord<byte[], byte[]> record) {
        return record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8);
    }

    /** Null for what is no reply event, which every reader passes over. */
    static @Nullable Reply decode(ConsumerRecord<byte[], byte[]> record) {
        try {
            return new Reply(record.offset(), EventCodec.REPLY_EVENT.decode(record.value()));
        } catch (MalformedEventException e) {
            LOG.warn(
                    "{}-{} offset {} is no reply event and is passed over, as every reader does: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
            return null;
        }
    }
}
