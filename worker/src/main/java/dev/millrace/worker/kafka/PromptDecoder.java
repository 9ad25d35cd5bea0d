package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.worker.engine.ErrorCode;
import dev.millrace.worker.engine.PromptRefusedException;
import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Turns a record into a prompt, in whichever form it comes: JSON, Avro with the id of a registry's schema, or Avro in
 * single-object encoding. Used on the poll thread.
 */
final class PromptDecoder {
    private static final byte REGISTRY_MAGIC = 0;
    private static final int REGISTRY_HEADER_BYTES = 1 + Integer.BYTES;

    /**
     * A prompt that can be answered.
     *
     * @param refusal why the answer is an error whatever the worker has; null: there is no such reason
     */
    record Decoded(Prompt prompt, ReplyForm form, @Nullable PromptRefusedException refusal) {}

    private final @Nullable SchemaRegistry registry;

    /** @param registry null: prompts that need one are malformed */
    PromptDecoder(@Nullable SchemaRegistry registry) {
        this.registry = registry;
    }

    /**
     * What the record holds.
     *
     * @throws MalformedEventException when it is no prompt that could be answered
     * @throws SchemaPendingException when it is known later
     */
    Decoded decode(ConsumerRecord<byte[], byte[]> record) throws MalformedEventException, SchemaPendingException {
        PromptHeaders headers = new PromptHeaders(record.headers());
        boolean json = isJson(headers, record.value());
        ReplyForm form = ReplyForm.of(headers, json);
        Decoded decoded = json ? JsonPrompt.decode(record, form) : new Decoded(avro(record.value()), form, null);
        return headers.correlationIdTooLong() && decoded.refusal() == null
                ? new Decoded(decoded.prompt(), form, correlationIdTooLong())
                : decoded;
    }

    private static boolean isJson(PromptHeaders headers, byte @Nullable [] value) {
        String contentType = headers.contentType();
        return contentType == null
                ? value != null && EventCodec.looksLikeJson(value)
                : contentType.equals(PromptHeaders.JSON);
    }

    private Prompt avro(byte @Nullable [] value) throws MalformedEventException, SchemaPendingException {
        if (value == null || value.length < REGISTRY_HEADER_BYTES || value[0] != REGISTRY_MAGIC) {
            return EventCodec.PROMPT.decode(value);
        }
        if (registry == null) {
            throw new MalformedEventException(
                    Fault.NO_SCHEMA_REGISTRY,
                    "The record names a schema of a registry, and this worker has none: set schema-registry-url");
        }
        return EventCodec.PROMPT.decode(
                value,
                REGISTRY_HEADER_BYTES,
                registry.reader(ByteBuffer.wrap(value).getInt(1)));
    }

    private static PromptRefusedException correlationIdTooLong() {
        return new PromptRefusedException(
                ErrorCode.INVALID_PROMPT,
                PromptHeaders.CORRELATION_ID,
                PromptHeaders.CORRELATION_ID + " must have at most " + PromptHeaders.MAX_CORRELATION_ID_BYTES
                        + " bytes");
    }
}
