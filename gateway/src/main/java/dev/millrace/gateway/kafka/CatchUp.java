package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Prompt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a resumed response has in the log already, with one consumer for all of them, and hands over to the live
 * one. However far back a response goes, live streams do not wait for it, and no other waits longer than its turn: each
 * gets one fetch at a time, and what that holds for others of the partition they get too.
 *
 * <p>No event is left out in a hand-over, since the live consumer says from where on it has all; one that both give is
 * passed over by its offset. Between two fetches it looks for turns of conversations. Its thread makes every call to
 * the consumer.
 */
public final class CatchUp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CatchUp.class);
    /** How soon a close is noticed. */
    static final Duration POLL = Duration.ofMillis(100);

    /** By so much the clocks of gateways and workers may differ. */
    static final Duration CLOCKS = Duration.ofMinutes(5);

    private static final long UNKNOWN = -1;

    /**
     * One response on its way to the live consumer or, where its log no longer reaches back, in search of its whole
     * answer. Owned by the thread, but for {@link #stop}.
     */
    public static final class Reading {
        private final UUID promptId;
        private final Instant createdAt;
        private final ReplyListener listener;
        private TopicPartition partition;
        private long next;
        /** From where on the live consumer has all; of a search: where nothing is left to look at. */
        private long end = UNKNOWN;

        private boolean wholeAnswer;
        /** Set by whoever asked for it, read by the thread. */
        private volatile boolean stopped;

        private Reading(Cursor start, Instant createdAt, ReplyListener listener) {
            this.promptId = start.promptId();
            this.createdAt = createdAt;
            this.listener = listener;
            this.partition = new TopicPartition(start.topic(), start.partition());
            this.next = start.offset();
        }

        private void search(TopicPartition answers, long from, long to) {
            wholeAnswer = true;
            partition = answers;
            next = from;
            end = to;
        }

        /** Nothing more is read for it, but for what is on its way. Any thread. Idempotent. */
        public void stop() {
            stopped = true;
        }
    }

    private final Consumer<byte[], byte[]> consumer;
    private final ReplyConsumer live;
    private final Topics topics;
    private final String completions;
    private final Conversations conversations;
    /** What others hand in, for the thread to run. */
    private final LinkedBlockingQueue<Runnable> incoming = new LinkedBlockingQueue<>();

    private final Deque<Reading> readings = new ArrayDeque<>();
    private final Deque<TurnSearch> searches = new ArrayDeque<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the thread. */
    private volatile boolean closing;

    /** Hands the consumer over: from {@link #start} on only the thread touches it. */
    public CatchUp(
            String threadName,
            Consumer<byte[], byte[]> consumer,
            ReplyConsumer live,
            Topics topics,
            Conversations conversations) {
        this.consumer = consumer;
        this.live = live;
        this.topics = topics;
        this.completions = topics.completions();
        this.conversations = conversations;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the thread. The future completes when it has ended, exceptionally when it gave up on an error. */
    public CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    /**
     * The listener hears all that is said of this prompt from the cursor on: first what was said already, then {@link
     * ReplyListener#onCaughtUp}, and what comes. Live events may come in between. Where the log no longer reaches back
     * it hears the whole answer instead, or that there is none. Any thread; never blocks.
     *
     * @param createdAt the response
     */
    public Reading read(Cursor from, Instant createdAt, ReplyListener listener) {
        Reading reading = new Reading(from, createdAt, listener);
        incoming.add(() -> readings.add(reading));
        return reading;
    }

    /**
     * What was asked in a turn, with all that went before; nothing where it is not kept. Any thread; never blocks.
     *
     * @param createdAt its response
     * @return completes on a thread that must not be held up
     */
    public CompletableFuture<Optional<Prompt>> findTurn(UUID promptId, Instant createdAt) {
        TurnSearch search = new TurnSearch(promptId, createdAt);
        incoming.add(() -> searches.add(search));
        return search.found();
    }

    /**
     * Completes when {@link Conversations} has all that any gateway has written so far. Any thread; never blocks.
     * Completes on a thread that must not be held up.
     */
    public CompletableFuture<Void> conversationsRead() {
        CompletableFuture<Long> end = new CompletableFuture<>();
        incoming.add(() -> findEnd(end));
        return end.thenCompose(conversations::readTo);
    }

    private void findEnd(CompletableFuture<Long> end) {
        TopicPartition kept = new TopicPartition(topics.conversations(), 0);
        try {
            end.complete(consumer.endOffsets(List.of(kept)).getOrDefault(kept, 0L));
        } catch (KafkaException e) {
            end.completeExceptionally(e);
        }
    }

    /** Returns at once; the future of {@link #start} tells when it is done. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        try {
            connect();
            while (!closing) {
                awaitWork();
                turn();
            }
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            ended.complete(null);
        } catch (Throwable t) { // the top of this thread's loop: whoever waits on the future hears of it
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            ended.completeExceptionally(t);
        }
    }

    /** So that the first response that is resumed does not wait for connections. */
    private void connect() {
        try {
            consumer.endOffsets(consumer.partitionsFor(completions).stream()
                    .map(partition -> new TopicPartition(completions, partition.partition()))
                    .toList());
        } catch (KafkaException e) {
            LOG.info("The topic {} does not answer yet: {}", completions, e.toString());
        }
    }

    private void awaitWork() throws InterruptedException {
        if (readings.isEmpty() && searches.isEmpty()) {
            Runnable first = incoming.poll(POLL.toMillis(), TimeUnit.MILLISECONDS);
            if (first != null) {
                first.run();
            }
        }
    }

    /** One turn of the loop: a fetch for whoever has waited longest, of both kinds. */
    void turn() {
        for (Runnable next = incoming.poll(); next != null; next = incoming.poll()) {
            next.run();
        }
        search();
        readings.removeIf(this::atItsEnd); // a fetch that finds nothing takes its time
        Reading first = readings.poll();
        if (first == null) {
            return;
        }
        readings.add(first);
        try {
            seek(first);
            handOver(first, consumer.poll(POLL));
            readings.removeIf(this::atItsEnd);
        } catch (OffsetOutOfRangeException e) {
            onExpired(first.partition);
        } catch (RetriableException e) {
            LOG.warn("A response's log could not be read and will be tried again: {}", e.toString());
        }
    }

    private void search() {
        TurnSearch first = searches.poll();
        if (first != null && !first.step(consumer, topics.turns())) {
            searches.add(first);
        }
    }

    /** Where the consumer stands there already, it goes on with what it has fetched ahead. */
    private void seek(Reading first) {
        if (!consumer.assignment().equals(Set.of(first.partition))) {
            consumer.assign(List.of(first.partition));
            consumer.seek(first.partition, first.next);
        } else if (consumer.position(first.partition) != first.next) {
            consumer.seek(first.partition, first.next);
        }
    }

    /** Of the others only those can use it that have all that comes before. */
    private void handOver(Reading first, ConsumerRecords<byte[], byte[]> records) {
        long from = first.next;
        long to = consumer.position(first.partition);
        List<Reading> served = readings.stream()
                .filter(reading -> reading.partition.equals(first.partition) && reading.next >= from)
                .toList();
        Map<String, List<Reading>> byKey =
                served.stream().collect(Collectors.groupingBy(reading -> reading.promptId.toString()));
        Map<ReplyListener, List<Reply>> batches = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            List<Reading> wanted = byKey.getOrDefault(String.valueOf(Reply.key(record)), List.of());
            if (!wanted.isEmpty() && first.wholeAnswer) {
                onWholeAnswer(record, wanted);
            } else if (!wanted.isEmpty()) {
                onReply(record, wanted, batches);
            }
        }
        batches.forEach(ReplyListener::onEarlier);
        served.forEach(reading -> reading.next = Math.max(reading.next, to));
    }

    private static void onReply(
            ConsumerRecord<byte[], byte[]> record, List<Reading> wanted, Map<ReplyListener, List<Reply>> batches) {
        Reply reply = Reply.decode(record);
        if (reply != null) {
            wanted.stream()
                    .filter(reading -> reading.next <= record.offset())
                    .forEach(reading -> batches.computeIfAbsent(reading.listener, listener -> new ArrayList<>())
                            .add(reply));
        }
    }

    private static void onWholeAnswer(ConsumerRecord<byte[], byte[]> record, List<Reading> wanted) {
        try {
            Completion answer = EventCodec.COMPLETION.decode(record.value());
            wanted.stream().filter(reading -> !reading.stopped).forEach(reading -> {
                reading.stopped = true;
                reading.listener.onWholeAnswer(answer);
            });
        } catch (MalformedEventException e) {
            LOG.warn("{} offset {} is passed over: {}", record.topic(), record.offset(), e.getMessage());
        }
    }

    /** Whether all that the live consumer does not give has been handed over. */
    private boolean atItsEnd(Reading reading) {
        if (reading.stopped) {
            return true;
        }
        if (reading.end == UNKNOWN && reading.next >= live.position(reading.partition)) {
            reading.end = live.follow(reading.promptId, reading.partition, reading.listener);
            if (reading.stopped) { // it may have been while this was done
                live.unsubscribe(reading.promptId, reading.listener);
                return true;
            }
        }
        if (reading.end == UNKNOWN || reading.next < reading.end) {
            return false;
        }
        if (reading.wholeAnswer) {
            reading.listener.onExpired(reading.promptId);
        } else {
            reading.listener.onCaughtUp(reading.promptId);
        }
        return true;
    }

    /** The log begins after what they need. */
    private void onExpired(TopicPartition partition) {
        long beginning = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
        readings.stream()
                .filter(reading -> reading.partition.equals(partition) && reading.next < beginning)
                .toList()
                .forEach(reading -> onExpired(reading, beginning));
    }

    private void onExpired(Reading reading, long beginning) {
        if (reading.wholeAnswer) {
            reading.next = beginning;
            return;
        }
        TopicPartition answers = new TopicPartition(
                completions,
                Topics.replyPartition(
                        reading.promptId, consumer.partitionsFor(completions).size()));
        long since = reading.createdAt.minus(CLOCKS).toEpochMilli();
        OffsetAndTimestamp from =
                consumer.offsetsForTimes(Map.of(answers, since)).get(answers);
        long end = consumer.endOffsets(List.of(answers)).getOrDefault(answers, 0L);
        reading.search(answers, from == null ? end : from.offset(), end);
    }
}
