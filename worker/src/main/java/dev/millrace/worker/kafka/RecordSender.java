package dev.millrace.worker.kafka;

import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Appends records to the log. Any thread; never blocks. */
@FunctionalInterface
interface RecordSender {
    /**
     * Sends one record, behind all that the same thread has sent before.
     *
     * @return the record's offset once every in-sync replica has it; completed on a thread that must not be held up.
     *     A failure does not say that the record will never land
     */
    CompletableFuture<Long> send(ProducerRecord<byte[], byte[]> record);
}
