package dev.millrace.compose.faults;

/** What one reader saw of one prompt: on the log itself, or as a chat client at a gateway. */
interface Seen {
    /** All has come that was to come. */
    boolean done();

    /** Tokens came before the fault, and the terminal after it or never. */
    boolean hitBy(long faultNanos);

    /** The longest time without tokens, of all that reach beyond the fault. */
    long silenceNanos(long faultNanos);

    /** Tokens. */
    int delivered();

    /** Tokens in the log that do not count. */
    int wasted();

    /** It went on under another worker, or at another gateway. */
    boolean continued();

    int restarts();

    boolean historyLost();

    int gaps();

    int repeats();

    /** What is missing at the end. */
    int lost();

    boolean unequal();
}
