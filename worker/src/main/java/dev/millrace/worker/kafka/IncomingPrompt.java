package dev.millrace.worker.kafka;

import dev.millrace.schemas.event.Prompt;
import dev.millrace.worker.kafka.PromptDecoder.Decoded;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A prompt as the poll thread hands it over.
 *
 * @param session that it belongs to: when this closes, so does the prompt's run
 * @param epoch of the session when the prompt was read
 */
record IncomingPrompt(PartitionSession session, long epoch, ConsumerRecord<byte[], byte[]> record, Decoded decoded) {
    /** Whether no earlier session of its partition can have begun to answer it. */
    boolean isNew() {
        return session.isFirstToHave(record.offset());
    }

    Prompt prompt() {
        return decoded.prompt();
    }
}
