package dev.millrace.schemas;

/**
 * Who wrote a reply event: the session of a worker. Of two sessions that claim one prompt, the greater writer wins.
 *
 * @param epoch of the session; a later session of the same prompts partition has a higher one
 * @param nonce random; decides between sessions of equal epoch, arbitrarily, but for all readers alike
 */
public record Writer(long epoch, long nonce) implements Comparable<Writer> {
    /** Before the first claim: less than every writer that can claim. */
    public static final Writer NONE = new Writer(Long.MIN_VALUE, Long.MIN_VALUE);

    @Override
    public int compareTo(Writer other) {
        int byEpoch = Long.compare(epoch, other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(nonce, other.nonce);
    }
}
