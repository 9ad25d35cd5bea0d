package dev.millrace.worker.kafka;

import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.ReplyEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Every topic that a worker writes to, in memory; the offsets are those of one log for all. A send can be made to fail,
 * and what failed to land all the same. Any thread.
 */
final class ReplyLog implements RecordSender, HistoryReader {
    /** What becomes of a send. */
    enum Fate {
        LANDS,
        /** The sender hears of a failure, and nothing lands. */
        IS_LOST,
        /** The sender hears of a failure, and the record lands later, when the test says so. */
        LANDS_LATE
    }

    private record FatedSend(Predicate<ReplyEvent> which, Fate fate) {}

    private final List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    private final List<ProducerRecord<byte[], byte[]>> late = new ArrayList<>();
    private final List<FatedSend> fates = new ArrayList<>();
    private long logStart;
    /** Of each topic that has a limit, the most bytes of a value. */
    private final Map<String, Integer> limits = new HashMap<>();

    private final Set<String> gone = new HashSet<>();
    private int asked;
    private int sendsToMissingTopics;
    private long clockMs;
    /** Completed before anything is read back. */
    private CompletableFuture<Void> readable = CompletableFuture.completedFuture(null);

    /** Nothing is read back until {@link #answerReads}. */
    synchronized void holdReads() {
        readable = new CompletableFuture<>();
    }

    synchronized void answerReads() {
        readable.complete(null);
    }

    /** The next reply event of this kind meets this fate. */
    synchronized void next(Predicate<ReplyEvent> which, Fate fate) {
        fates.add(new FatedSend(which, fate));
    }

    /** Whether every fate has been met by an event. */
    synchronized boolean fatesMet() {
        return fates.isEmpty();
    }

    synchronized void landLate() {
        records.addAll(late);
        late.clear();
    }

    /** Everything before this offset is deleted. */
    synchronized void deleteBefore(long offset) {
        logStart = offset;
    }

    /** A value of more bytes is refused by this topic. */
    synchronized void limit(String topic, int bytes) {
        limits.put(topic, bytes);
    }

    /** The topic is deleted: sends fail, and so does asking for it. */
    synchronized void delete(String topic) {
        gone.add(topic);
    }

    /** The topic is made anew. */
    synchronized void restore(String topic) {
        gone.remove(topic);
    }

    /** How often a topic was asked about. */
    synchronized int asked() {
        return asked;
    }

    synchronized int sendsToMissingTopics() {
        return sendsToMissingTopics;
    }

    /** The clock by which a place is given up. */
    synchronized void pass(long ms) {
        clockMs += ms;
    }

    synchronized long clockMs() {
        return clockMs;
    }

    /** As Kafka describes a topic, of two partitions. */
    synchronized CompletableFuture<TopicDescription> describe(String topic) {
        asked++;
        if (gone.contains(topic)) {
            return CompletableFuture.failedFuture(new UnknownTopicOrPartitionException("the test deleted it"));
        }
        List<TopicPartitionInfo> partitions = IntStream.range(0, 2)
                .mapToObj(number -> new TopicPartitionInfo(number, null, List.of(), List.of()))
                .toList();
        return CompletableFuture.completedFuture(
                new TopicDescription(topic, false, partitions, Set.of(AclOperation.READ, AclOperation.WRITE)));
    }

    synchronized void appendJson(ReplyEvent event) {
        records.add(new ProducerRecord<>("replies", 0, new byte[0], EventCodec.REPLY_EVENT.encodeJson(event)));
    }

    synchronized void append(ReplyEvent event) {
        records.add(new ProducerRecord<>("replies", 0, new byte[0], EventCodec.REPLY_EVENT.encode(event)));
    }

    @Override
    public synchronized CompletableFuture<Long> send(ProducerRecord<byte[], byte[]> record) {
        if (gone.contains(record.topic())) {
            sendsToMissingTopics++;
            return CompletableFuture.failedFuture(new TimeoutException("the test deleted it"));
        }
        if (record.value() != null && record.value().length > limits.getOrDefault(record.topic(), Integer.MAX_VALUE)) {
            return CompletableFuture.failedFuture(new RecordTooLargeException("the test's topic takes less"));
        }
        Fate fate = record.topic().equals("replies") ? fateOf(decode(record)) : Fate.LANDS;
        if (fate == Fate.LANDS) {
            records.add(record);
            return CompletableFuture.completedFuture(records.size() - 1L);
        }
        if (fate == Fate.LANDS_LATE) {
            late.add(record);
        }
        return CompletableFuture.failedFuture(new KafkaException("the test lets this send fail"));
    }

    private Fate fateOf(ReplyEvent event) {
        for (FatedSend fated : fates) {
            if (fated.which().test(event)) {
                fates.remove(fated);
                return fated.fate();
            }
        }
        return Fate.LANDS;
    }

    @Override
    public synchronized CompletableFuture<ReplyHistory> read(ReadBack request) {
        return readable.thenApply(v -> history(request));
    }

    private synchronized ReplyHistory history(ReadBack request) {
        TopicPartition place = request.place();
        long from = request.from() == null ? logStart : request.from();
        ReplyHistory history = new ReplyHistory(place, request.promptId(), from, logStart);
        for (long offset = Math.max(from, logStart); offset <= request.claimOffset(); offset++) {
            if (records.get((int) offset).topic().equals(place.topic())) {
                history.accept(offset, decode(records.get((int) offset)));
            }
        }
        return history;
    }

    /** What a reader of this prompt is told, from the beginning. */
    synchronized List<Delivery> deliveries(UUID promptId) {
        ReplyStream stream = ReplyStream.resume(Cursor.start("replies", 0, promptId, 0));
        List<Delivery> deliveries = new ArrayList<>();
        for (int offset = 0; offset < records.size(); offset++) {
            if (records.get(offset).topic().equals("replies")) {
                deliveries.add(stream.accept(offset, decode(records.get(offset))));
            }
        }
        return deliveries;
    }

    /** The records of one topic. */
    synchronized List<ProducerRecord<byte[], byte[]>> of(String topic) {
        return records.stream().filter(record -> record.topic().equals(topic)).toList();
    }

    /** All reply events, whether they count or not. */
    synchronized List<ReplyEvent> events() {
        return of("replies").stream().map(ReplyLog::decode).toList();
    }

    private static ReplyEvent decode(ProducerRecord<byte[], byte[]> record) {
        try {
            return EventCodec.REPLY_EVENT.decode(record.value());
        } catch (MalformedEventException e) {
            throw new AssertionError(e);
        }
    }
}
