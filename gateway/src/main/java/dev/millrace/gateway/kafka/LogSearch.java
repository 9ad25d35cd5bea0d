package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Topics;
import org.apache.kafka.clients.consumer.Consumer;

/** One record is looked for. Owned by the catch-up thread, which does something else between two steps. */
interface LogSearch {
    /** One fetch. Returns whether that was the last one. */
    boolean step(Consumer<byte[], byte[]> consumer, Topics topics);
}
