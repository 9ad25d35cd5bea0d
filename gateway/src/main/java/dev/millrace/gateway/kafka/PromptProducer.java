package dev.millrace.gateway.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.DeletedResponse;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends prompts and cancellations, keyed by conversation, and what is kept of conversations, in the order in which each thread hands them in. The send
 * thread encodes, which takes its time for a large prompt, and owns the producer, whose send may block on metadata or
 * on a full buffer; those who hand in may not.
 */
public final class PromptProducer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PromptProducer.class);
    /** Characters handed in and not yet taken by the producer. Full means that Kafka has been away for long. */
    private static final long MOST_QUEUED = 32 << 20;
    /** What a record counts for beside the text of its messages. */
    private static final int LEAST_WEIGHT = 256;

    private static final Duration CLOSE = Duration.ofSeconds(1);
    private static final long LOOK_FOR_CLOSE_MS = 100;

    private record Outgoing(
            Supplier<ProducerRecord<byte[], byte[]>> record, long weight, CompletableFuture<Void> sent) {}

    private final Producer<byte[], byte[]> producer;
    private final Topics topics;
    private final DeliveryMetrics metrics;
    private final LinkedBlockingQueue<Outgoing> queue = new LinkedBlockingQueue<>();
    /** Added to by those who hand in, taken from by the send thread. */
    private final AtomicLong queued = new AtomicLong();

    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    /** Set by whoever closes, read by the send thread and by those who hand in. */
    private volatile boolean closing;

    /** Hands the producer over: from {@link #start} on only the send thread touches it. */
    public PromptProducer(
            String threadName, Producer<byte[], byte[]> producer, Topics topics, DeliveryMetrics metrics) {
        this.producer = producer;
        this.topics = topics;
        this.metrics = metrics;
        this.thread = new Thread(this::run, threadName);
    }

    /** Starts the send thread. The future completes when it has ended. */
    public CompletableFuture<Void> start() {
        thread.start();
        return ended;
    }

    /**
     * Sends a prompt. Any thread; never blocks.
     *
     * @return completes once every in-sync replica has it, on a thread that must not be held up. A failure does not say
     *     that the prompt will never land
     */
    public CompletableFuture<Void> send(Prompt prompt) {
        return enqueue(
                        weight(prompt),
                        () -> record(topics.prompts(), prompt.getConversation(), EventCodec.PROMPT.encode(prompt)))
                .thenRun(metrics::onPromptSent);
    }

    /** Asks for the end of a prompt. Any thread; never blocks. As with {@link #send}. */
    public CompletableFuture<Void> cancel(Cancellation cancellation) {
        return enqueue(
                        0,
                        () -> record(
                                topics.controls(),
                                cancellation.getConversation(),
                                EventCodec.CANCELLATION.encode(cancellation)))
                .thenRun(metrics::onCancellationSent);
    }

    /** Says who waits for a response. Any thread; never blocks. As with {@link #send}. */
    public CompletableFuture<Void> announce(Attendance attendance) {
        return enqueue(
                0,
                () -> new ProducerRecord<>(
                        topics.attendance(),
                        0,
                        key(attendance.getPromptId()),
                        EventCodec.ATTENDANCE.encode(attendance)));
    }

    /**
     * Keeps a turn, so that another one may go on from it. Any thread; never blocks. As with {@link #send}.
     *
     * @param createdAt its response; it is found by that
     */
    public CompletableFuture<Void> keep(Prompt turn, Instant createdAt) {
        return enqueue(
                weight(turn),
                () -> new ProducerRecord<>(
                        topics.turns(),
                        null,
                        createdAt.toEpochMilli(),
                        key(turn.getId()),
                        EventCodec.PROMPT.encode(turn)));
    }

    /** Deletes a turn for good. Any thread; never blocks. As with {@link #send}. */
    public CompletableFuture<Void> delete(UUID promptId) {
        ConversationEntry deleted = new ConversationEntry(new DeletedResponse());
        return note(promptId, deleted).thenCombine(forget(promptId), (noted, forgotten) -> null);
    }

    /** Lets Kafka forget a turn, sooner or later. Any thread; never blocks. As with {@link #send}. */
    public CompletableFuture<Void> forget(UUID promptId) {
        return enqueue(0, () -> new ProducerRecord<>(topics.turns(), key(promptId), null));
    }

    /** Tells all gateways how a conversation stands, or a response. Any thread; never blocks. As with {@link #send}. */
    public CompletableFuture<Void> note(UUID id, @Nullable ConversationEntry entry) {
        return enqueue(
                0,
                () -> new ProducerRecord<>(
                        topics.conversations(),
                        0,
                        key(id),
                        entry == null ? null : EventCodec.CONVERSATION_ENTRY.encode(entry)));
    }

    private static long weight(Prompt prompt) {
        return prompt.getMessages().stream()
                .map(Message::getContent)
                .mapToLong(String::length)
                .sum();
    }

    private static byte[] key(UUID id) {
        return id.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, String conversation, byte[] value) {
        return new ProducerRecord<>(topic, conversation.getBytes(StandardCharsets.UTF_8), value);
    }

    private CompletableFuture<Void> enqueue(long weight, Supplier<ProducerRecord<byte[], byte[]>> record) {
        Outgoing outgoing = new Outgoing(record, weight + LEAST_WEIGHT, new CompletableFuture<>());
        boolean full = queued.addAndGet(outgoing.weight()) > MOST_QUEUED;
        if (closing || full) {
            release(outgoing);
            fail(outgoing, new KafkaException("the queue of records to send is full or closed"));
        } else {
            queue.add(outgoing);
        }
        return outgoing.sent();
    }

    /** Gives what is under way a second to land; what then still waits fails. Returns at once. Idempotent. */
    @Override
    public void close() {
        closing = true;
    }

    private void run() {
        while (!closing) {
            try {
                Outgoing outgoing = queue.poll(LOOK_FOR_CLOSE_MS, TimeUnit.MILLISECONDS);
                if (outgoing != null) {
                    send(outgoing);
                }
            } catch (Throwable t) { // the top of this thread's loop: the record's sender hears of what is its own
                LOG.error("The send thread goes on after an error", t);
            }
        }
        producer.close(CLOSE);
        for (Outgoing left = queue.poll(); left != null; left = queue.poll()) {
            fail(left, new KafkaException("the producer is closed"));
        }
        ended.complete(null);
    }

    private void send(Outgoing outgoing) {
        try {
            Future<RecordMetadata> unused = producer.send(outgoing.record().get(), (metadata, failure) -> {
                if (failure == null) {
                    outgoing.sent().complete(null);
                } else {
                    fail(outgoing, failure);
                }
            });
        } catch (KafkaException | IllegalStateException | IllegalArgumentException e) {
            fail(outgoing, e);
        } finally {
            release(outgoing);
        }
    }

    private void release(Outgoing outgoing) {
        queued.addAndGet(-outgoing.weight());
    }

    private void fail(Outgoing outgoing, Exception failure) {
        metrics.onSendFailed();
        outgoing.sent().completeExceptionally(failure);
    }
}
