package dev.millrace.worker.kafka;

import dev.millrace.schemas.MalformedEventException;
import dev.millrace.worker.kafka.PromptDecoder.Decoded;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads prompts and commits what has finished. Its thread makes every call to the consumer and owns the sessions; the
 * delivery context sends it messages ({@link #finish}, {@link #confirm}, {@link #raiseEpoch}).
 *
 * <p>A partition is used through a {@link PartitionSession} alone. On revocation or loss the session closes before the
 * callback returns: from then on Kafka would take this member's commits for a partition that is another's. A partition
 * that is assigned and has no session gets a new one between two polls; what was fetched for it before is discarded and
 * read again. A partition whose next record has a schema that is being asked for is paused and stands before that
 * record; whoever loses the partition has nothing to call off.
 */
final class PromptConsumer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PromptConsumer.class);
    /** Longest wait for prompts, and so for messages: what waits on them is a commit, not a stream. */
    private static final Duration POLL = Duration.ofMillis(50);

    /** Of records taken in and not finished: eight of the largest. What they become in memory is a small multiple. */
    private static final long MOST_BYTES_IN_FLIGHT = 64L << 20;

    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    private final int mostInFlight;
    private final SessionFactory sessionFactory;
    private final PromptDecoder decoder;
    private final PromptListener listener;
    private final Queue<Runnable> messages = new ConcurrentLinkedQueue<>();
    private final Map<TopicPartition, PartitionSession> sessions = new HashMap<>();
    private final OutageLog opening = new OutageLog("Opening sessions", System::nanoTime, LOG::info);
    private final OutageLog committing = new OutageLog("Committing progress", System::nanoTime, LOG::info);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** The largest record that had no room, since the partitions were last resumed; 0: none. */
    private int heldBackBytes;
    /** Set by whoever closes, read by the poll thread. */
    private volatile boolean closing;

    /**
     * @param consumer handed over: from {@link #start} on only the poll thread touches it
     * @param mostInFlight prompts taken in and not finished; at this many every partition is paused
     */
    PromptConsumer(
            String threadName,
            Consumer<byte[], byte[]> consumer,
            String topic,
            int mostInFlight,
            SessionFactory sessionFactory,
            PromptDecoder decoder,
            PromptListener listener) {
        this.consumer = consumer;
        this.topic = topic;
        this.mostInFlight = mostInFlight;
        this.sessionFactory = sessionFactory;
        this.decoder = decoder;
        this.listener = listener;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the poll thread. The future completes when it has ended, exceptionally when it gave up on an error. */
    CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    /** These offsets need no more work. Any thread. */
    void finish(PartitionSession session, List<Long> offsets) {
        messages.add(() -> offsets.forEach(session.ledger()::finish));
    }

    /**
     * Makes sure that this session still owned its partition after this call: an open session's commit is accepted from
     * the owner alone. What it had in the log before the call then stands before every claim of a later session. Any
     * thread.
     *
     * @return completes when a commit was accepted; never when the session closes instead
     */
    CompletableFuture<Void> confirm(PartitionSession session) {
        CompletableFuture<Void> confirmed = new CompletableFuture<>();
        messages.add(() -> session.confirm(confirmed));
        return confirmed;
    }

    /**
     * Raises a session's epoch above its own and above {@code seen}, by a fenced commit. Any thread.
     *
     * @return the new epoch. Fails with {@link SessionClosedException} when the commit was refused: the session is
     *     closed then. Fails otherwise when the commit's fate is unknown: it may be tried again.
     */
    CompletableFuture<Long> raiseEpoch(PartitionSession session, long seen) {
        CompletableFuture<Long> raised = new CompletableFuture<>();
        messages.add(() -> raiseEpoch(session, seen, raised));
        return raised;
    }

    /**
     * Leaves the group, so that another worker takes over at once; finishes nothing. Returns at once, the future of
     * {@link #start} tells when it is done. Idempotent.
     */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        try {
            subscribe();
            while (!closing) {
                turn();
            }
            consumer.close(CloseOptions.timeout(CLOSE));
            ended.complete(null);
        } catch (Throwable t) { // the top of this thread's loop: whoever waits on the future hears of it
            ended.completeExceptionally(t);
            List.copyOf(sessions.values()).forEach(this::closeSession);
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    void subscribe() {
        consumer.subscribe(Set.of(topic), new Rebalances());
    }

    /** One turn of the loop. */
    void turn() {
        for (Runnable message = messages.poll(); message != null; message = messages.poll()) {
            message.run();
        }
        commitProgress(sessions.values());
        pauseOrResume();
        handOver(consumer.poll(POLL));
        openSessions();
    }

    private void pauseOrResume() {
        boolean full = inFlight() >= mostInFlight || !hasRoomFor(heldBackBytes);
        Set<TopicPartition> pause = full ? consumer.assignment() : waiting();
        if (!full) {
            heldBackBytes = 0;
        }
        consumer.pause(pause);
        consumer.resume(consumer.assignment().stream()
                .filter(partition -> !pause.contains(partition))
                .toList());
    }

    private Set<TopicPartition> waiting() {
        return sessions.values().stream()
                .filter(PartitionSession::waitsForSchema)
                .map(PartitionSession::partition)
                .collect(Collectors.toSet());
    }

    private int inFlight() {
        return sessions.values().stream()
                .mapToInt(session -> session.ledger().inFlight())
                .sum();
    }

    /** A record of any size when nothing else is in flight. */
    private boolean hasRoomFor(int bytes) {
        long bytesInFlight = sessions.values().stream()
                .mapToLong(session -> session.ledger().bytesInFlight())
                .sum();
        return bytesInFlight == 0 || bytesInFlight + bytes <= MOST_BYTES_IN_FLIGHT;
    }

    private void handOver(ConsumerRecords<byte[], byte[]> records) {
        for (TopicPartition partition : records.partitions()) {
            PartitionSession session = sessions.get(partition);
            if (session != null) {
                handOver(session, records.records(partition));
            }
        }
    }

    /** What has no room, or no schema yet, stays in Kafka, and all that comes behind it: it is fetched once more. */
    private void handOver(PartitionSession session, List<ConsumerRecord<byte[], byte[]>> records) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            int bytes = Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
            if (!hasRoomFor(bytes)) {
                heldBackBytes = Math.max(heldBackBytes, bytes);
                consumer.seek(session.partition(), record.offset());
                return;
            }
            try {
                handOver(session, record, bytes);
            } catch (SchemaPendingException e) {
                consumer.seek(session.partition(), record.offset());
                session.waitFor(e.asked());
                return;
            }
        }
    }

    private void handOver(PartitionSession session, ConsumerRecord<byte[], byte[]> record, int bytes)
            throws SchemaPendingException {
        try {
            Decoded decoded = decoder.decode(record);
            session.ledger().start(record.offset(), bytes);
            listener.onPrompt(this, new IncomingPrompt(session, session.epoch(), record, decoded));
        } catch (MalformedEventException e) {
            session.ledger().start(record.offset(), bytes);
            listener.onMalformed(this, session, record, e);
        }
    }

    private void openSessions() {
        Set<TopicPartition> without = consumer.assignment().stream()
                .filter(partition -> !sessions.containsKey(partition))
                .collect(Collectors.toSet());
        if (without.isEmpty()) {
            return;
        }
        try {
            sessionFactory.open(consumer, without).forEach(session -> sessions.put(session.partition(), session));
            opening.succeeded();
        } catch (CommitFailedException | RebalanceInProgressException | RetriableException e) {
            opening.failed(e);
        }
    }

    /**
     * Commits what has finished since the last commit, and what someone waits for. A commit that is refused because the group rebalances is not
     * lost: a partition that goes closes its session first, and one that stays was never anyone else's, so what its
     * session commits later is a new commit and not the refused one.
     */
    private void commitProgress(Collection<PartitionSession> candidates) {
        List<PartitionSession> due =
                candidates.stream().filter(PartitionSession::commitDue).toList();
        if (due.isEmpty()) {
            return;
        }
        Map<PartitionSession, OffsetAndMetadata> commits =
                due.stream().collect(Collectors.toMap(session -> session, PartitionSession::progress));
        try {
            consumer.commitSync(commits.entrySet().stream()
                    .collect(Collectors.toMap(commit -> commit.getKey().partition(), Map.Entry::getValue)));
            commits.forEach(PartitionSession::onCommitted);
            committing.succeeded();
        } catch (CommitFailedException e) {
            LOG.warn("The group has moved on without this worker: {}", e.toString());
            due.forEach(this::closeSession);
        } catch (RebalanceInProgressException | RetriableException e) {
            committing.failed(e);
        }
    }

    private void raiseEpoch(PartitionSession session, long seen, CompletableFuture<Long> raised) {
        if (!session.open()) {
            raised.completeExceptionally(new SessionClosedException());
            return;
        }
        long epoch = sessionFactory.epochAbove(Math.max(session.epoch(), seen));
        OffsetAndMetadata commit = session.commit(epoch);
        try {
            consumer.commitSync(Map.of(session.partition(), commit));
            session.onCommitted(commit);
            raised.complete(epoch);
        } catch (CommitFailedException | RebalanceInProgressException e) {
            closeSession(session);
            raised.completeExceptionally(new SessionClosedException());
        } catch (RetriableException e) {
            raised.completeExceptionally(e);
        }
    }

    private void closeSession(PartitionSession session) {
        session.close();
        sessions.remove(session.partition());
        listener.onSessionClosed(session);
    }

    /** Called within poll and close, on the poll thread. */
    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            LOG.info("Assigned: {}", partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            LOG.info("Revoked: {}", partitions);
            commitProgress(sessionsOf(partitions));
            sessionsOf(partitions).forEach(PromptConsumer.this::closeSession);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            LOG.warn("Lost: {}", partitions);
            sessionsOf(partitions).forEach(PromptConsumer.this::closeSession);
        }

        private List<PartitionSession> sessionsOf(Collection<TopicPartition> partitions) {
            return sessions.values().stream()
                    .filter(session -> partitions.contains(session.partition()))
                    .toList();
        }
    }
}
