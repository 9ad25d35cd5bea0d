package dev.millrace.worker.bench;

import java.io.IOException;

/** One that generates, in a process of its own. Owned by the driver's thread. */
interface Peer extends AutoCloseable {
    /** Generates, and waits for the end. */
    Measurement generate(Load load) throws IOException, InterruptedException;

    /** Ends the process. */
    @Override
    void close();
}
