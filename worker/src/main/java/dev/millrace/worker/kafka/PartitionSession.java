package dev.millrace.worker.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * One worker's hold on one partition of prompts, from assignment to loss. A fresh random nonce tells it from every
 * other; its epoch rises above that of every earlier session. Once closed it never commits again.
 *
 * <p>Owned by the poll thread. Other threads use it as a key and read its final fields alone.
 */
final class PartitionSession {
    private final TopicPartition partition;
    private final long nonce;
    private final long end;
    private final OffsetLedger ledger;
    /** Who waits for the next commit to be accepted. */
    private final List<CompletableFuture<Void>> unconfirmed = new ArrayList<>();

    private CompletableFuture<?> schema = CompletableFuture.completedFuture(null);
    private long epoch;
    private long committed;
    private boolean open = true;

    /**
     * @param start the first offset that may not be finished
     * @param end the offset behind the last record of the partition when the session began, or a later one
     */
    PartitionSession(TopicPartition partition, long nonce, long epoch, long start, long end) {
        this.partition = partition;
        this.nonce = nonce;
        this.end = end;
        this.epoch = epoch;
        this.ledger = new OffsetLedger(start);
        this.committed = start;
    }

    TopicPartition partition() {
        return partition;
    }

    long nonce() {
        return nonce;
    }

    long epoch() {
        return epoch;
    }

    /** Whether no earlier owner of the partition can have had this record. One that goes on unawares still can. */
    boolean isFirstToHave(long offset) {
        return offset >= end;
    }

    OffsetLedger ledger() {
        return ledger;
    }

    boolean open() {
        return open;
    }

    void close() {
        open = false;
    }

    /** The next record cannot be read before this is done. */
    void waitFor(CompletableFuture<?> schema) {
        this.schema = schema;
    }

    boolean waitsForSchema() {
        return !schema.isDone();
    }

    /** Completes when a commit that is made from now on was accepted; never when the session closes before. */
    void confirm(CompletableFuture<Void> confirmed) {
        unconfirmed.add(confirmed);
    }

    /** Whether prompts have finished that no commit covers yet, or someone waits for a commit. */
    boolean commitDue() {
        return ledger.lowestUnfinished() > committed || !unconfirmed.isEmpty();
    }

    /** What to commit now; the epoch goes with every commit. */
    OffsetAndMetadata progress() {
        return commit(epoch);
    }

    /** The same offset under another epoch. */
    OffsetAndMetadata commit(long epoch) {
        return new OffsetAndMetadata(ledger.lowestUnfinished(), EpochMetadata.format(epoch));
    }

    /** A commit of this session was accepted. */
    void onCommitted(OffsetAndMetadata commit) {
        committed = commit.offset();
        epoch = EpochMetadata.parse(commit.metadata());
        unconfirmed.forEach(confirmed -> confirmed.complete(null));
        unconfirmed.clear();
    }
}
