package dev.millrace.worker.kafka;

import dev.millrace.schemas.MalformedEventException;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Hears of prompts, on the poll thread: must not block. What it makes of them it tells the source. */
interface PromptListener {
    void onPrompt(PromptConsumer source, IncomingPrompt prompt);

    /** The record is no prompt that could be answered. */
    void onMalformed(
            PromptConsumer source,
            PartitionSession session,
            ConsumerRecord<byte[], byte[]> record,
            MalformedEventException reason);

    /** Nothing of this session counts any more. */
    void onSessionClosed(PartitionSession session);
}
