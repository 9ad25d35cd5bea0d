package dev.millrace.compose.bench.gateway;

/**
 * What is relayed: every stream gets an event in each step, as by a GPU.
 *
 * @param sockets with a stream each
 * @param tokensPerEvent of {@link #TOKEN_CHARACTERS} each
 * @param tokensPerSecond of all streams together; 0: as many as are relayed, see {@link #MOST_ON_THE_WAY}
 * @param heavy a further socket, whose stream is long; its client is not measured
 */
record Load(int sockets, int tokensPerEvent, int tokensPerSecond, Heavy heavy) {
    /** Of ASCII; the first ones of an event are its number. */
    static final int TOKEN_CHARACTERS = 4;

    /** Tokens of an event of the heavy stream: with 100 steps a second, 800 kB/s, which fills what systems buffer in some seconds. */
    static final int HEAVY_TOKENS = 2048;

    /** Events sent and not yet with their clients, where there is no pace: enough to keep all busy, and no backlog. */
    static final int MOST_ON_THE_WAY = 10_000;

    /** What becomes of the heavy stream. */
    enum Heavy {
        NONE,
        READ,
        STALLED
    }

    int prompts() {
        return sockets + (heavy == Heavy.NONE ? 0 : 1);
    }

    int eventCharacters() {
        return tokensPerEvent * TOKEN_CHARACTERS;
    }

    long stepNanos() {
        return tokensPerSecond == 0 ? 0 : 1_000_000_000L * sockets * tokensPerEvent / tokensPerSecond;
    }
}
