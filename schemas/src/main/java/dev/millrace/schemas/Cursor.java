package dev.millrace.schemas;

import java.util.UUID;

/**
 * How far one reader has come with one prompt: all that another reader, in another process, needs to go on.
 *
 * @param topic the reply topic
 * @param partition its partition
 * @param promptId the prompt
 * @param offset of the first event that was not fully delivered: where to read on
 * @param epoch of the current writer; that of {@link Writer#NONE} before the first claim
 * @param nonce of the current writer; that of {@link Writer#NONE} before the first claim
 * @param next the index of the next token
 * @param ended whether the terminal event has been delivered
 */
public record Cursor(
        String topic, int partition, UUID promptId, long offset, long epoch, long nonce, int next, boolean ended) {
    public Cursor {
        if (partition < 0 || offset < 0 || next < 0) {
            throw new IllegalArgumentException("A cursor has no negative partition, offset or index");
        }
    }

    /** Of a reader that has read nothing yet and starts at this offset, at or before the prompt's first claim. */
    public static Cursor start(String topic, int partition, UUID promptId, long offset) {
        return new Cursor(topic, partition, promptId, offset, Writer.NONE.epoch(), Writer.NONE.nonce(), 0, false);
    }

    /** Whose events count; {@link Writer#NONE} before the first claim. */
    public Writer writer() {
        return new Writer(epoch, nonce);
    }
}
