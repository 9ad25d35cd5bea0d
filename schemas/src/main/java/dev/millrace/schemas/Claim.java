package dev.millrace.schemas;

/**
 * A worker has taken a prompt.
 *
 * @param epoch of the claiming session
 * @param nonce of the claiming session
 * @param workerId the worker
 * @param modelId the digest of weights and tokenizer that it generates with
 * @param sourcePartition the partition of the topic prompts that holds the prompt
 */
public record Claim(long epoch, long nonce, String workerId, String modelId, int sourcePartition) {
    /** The session, for comparison. */
    public Writer writer() {
        return new Writer(epoch, nonce);
    }
}
