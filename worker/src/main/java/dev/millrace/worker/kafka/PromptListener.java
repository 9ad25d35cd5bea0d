package dev.millrace.worker.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Hears of prompts, on the poll thread: must not block. What it makes of them it tells the source. */
interface PromptListener {
    void onPrompt(PromptConsumer source, IncomingPrompt prompt);

    /**
     * The record is no prompt.
     *
     * @param reason why; never quotes it
     */
    void onMalformed(
            PromptConsumer source, PartitionSession session, ConsumerRecord<byte[], byte[]> record, String reason);

    /** Nothing of this session counts any more. */
    void onSessionClosed(PartitionSession session);
}
