package dev.millrace.worker.kafka;

import dev.millrace.worker.kafka.ReadBackPass.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads back what the reply log says of a prompt. Its thread owns a consumer without a group; requests that wait at
 * the same time are served by one {@linkplain ReadBackPass pass}.
 */
final class ReplyLogReader implements HistoryReader, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyLogReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long LOOK_FOR_CLOSE_MS = 100;
    /** A pass that meets no record for so long has failed; the claim that it looks for has been acknowledged. */
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    /** As many as there are prompts in flight, which the poll thread bounds. */
    private final LinkedBlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();

    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the read-back thread. */
    private volatile boolean closing;

    /**
     * @param consumer handed over: from {@link #start} on only the read-back thread touches it
     * @param topic where most is read
     */
    ReplyLogReader(String threadName, Consumer<byte[], byte[]> consumer, String topic) {
        this.consumer = consumer;
        this.topic = topic;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the read-back thread. The future completes when it has ended. */
    CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    @Override
    public CompletableFuture<ReplyHistory> read(ReadBack request) {
        Waiting waiting = new Waiting(request, new CompletableFuture<>());
        queue.add(waiting);
        return waiting.history();
    }

    /** Requests that wait are not answered. Returns at once. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        connect();
        while (!closing) {
            try {
                serve(nextRequests());
            } catch (InterruptedException e) {
                closing = true;
            }
        }
        try {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        } finally {
            ended.complete(null);
        }
    }

    /** So that the first prompt that is taken over does not wait for connections. */
    private void connect() {
        try {
            consumer.beginningOffsets(consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList());
        } catch (KafkaException e) {
            LOG.info("The topic {} does not answer yet: {}", topic, e.toString());
        }
    }

    private List<Waiting> nextRequests() throws InterruptedException {
        List<Waiting> requests = new ArrayList<>();
        Waiting first = queue.poll(LOOK_FOR_CLOSE_MS, TimeUnit.MILLISECONDS);
        if (first != null) {
            requests.add(first);
            queue.drainTo(requests);
        }
        return requests;
    }

    /** A topic that does not answer holds up only those that ask for it in the same pass. */
    private void serve(List<Waiting> requests) {
        requests.stream()
                .collect(Collectors.groupingBy(waiting -> waiting.place().topic()))
                .values()
                .forEach(group -> {
                    try {
                        read(group);
                    } catch (Throwable t) { // the top of this thread's loop: whoever asked hears of it
                        group.forEach(waiting -> waiting.history().completeExceptionally(t));
                    }
                });
    }

    private void read(List<Waiting> group) {
        try {
            read(ReadBackPass.begin(consumer, group));
        } catch (OffsetOutOfRangeException e) {
            read(ReadBackPass.beginWhereTheLogDoes(consumer, group));
        }
    }

    private void read(ReadBackPass pass) {
        long metRecordNanos = System.nanoTime();
        while (!pass.done()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
            if (!records.isEmpty()) {
                metRecordNanos = System.nanoTime();
            }
            pass.accept(records);
            if (closing || System.nanoTime() - metRecordNanos > STALLED_NANOS) {
                throw new TimeoutException("reading back " + pass.places() + " made no progress");
            }
        }
    }
}
