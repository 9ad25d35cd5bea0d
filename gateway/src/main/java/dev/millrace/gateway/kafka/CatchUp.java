package dev.millrace.gateway.kafka;

import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Prompt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a resumed response has in the log already, with one consumer for all of them, and hands over to the live
 * one. However far back a response goes, live streams do not wait for it, and no other waits longer than its turn.
 *
 * <p>No event is left out in a hand-over, since the live consumer says from where on it has all; one that both give is
 * passed over by its offset. Between two fetches it looks for turns of conversations, and for the whole answers of
 * responses whose log no longer reaches back. Its thread makes every call to the consumer.
 */
public final class CatchUp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CatchUp.class);
    /** How soon a close is noticed. */
    static final Duration POLL = Duration.ofMillis(100);

    /** By so much the clocks of gateways and workers may differ. */
    static final Duration CLOCKS = Duration.ofMinutes(5);

    /** Far less than it takes for a connection to be closed as idle, or for metadata to be old. */
    private static final long KEEP_READY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final Consumer<byte[], byte[]> consumer;
    private final Topics topics;
    private final Conversations conversations;
    /** What others hand in, for the thread to run. */
    private final LinkedBlockingQueue<Runnable> incoming = new LinkedBlockingQueue<>();

    private final EarlierReplies earlier;
    private final Deque<LogSearch> searches = new ArrayDeque<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    private long readyNanos;
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
        this.topics = topics;
        this.conversations = conversations;
        this.earlier = new EarlierReplies(consumer, live, topics.replies());
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
     * @param window nothing is handed over while it has no room
     */
    public Reading read(Cursor from, Instant createdAt, ReplyListener listener, Window window) {
        Reading reading = new Reading(from, createdAt, listener, window);
        readOn(reading);
        return reading;
    }

    /** For who has caught up, but passed over live events meanwhile: these come as earlier ones. Any thread. */
    public void readOn(Reading reading) {
        incoming.add(() -> earlier.add(reading));
    }

    /** For what one client has resumed. Any thread. */
    public Window window(long mostBytes) {
        return new Window(mostBytes, () -> incoming.add(() -> {}));
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
            keepReady();
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

    private void awaitWork() throws InterruptedException {
        if (earlier.idle() && searches.isEmpty()) {
            Runnable first = incoming.poll(POLL.toMillis(), TimeUnit.MILLISECONDS);
            if (first != null) {
                first.run();
            } else if (System.nanoTime() - readyNanos > KEEP_READY_NANOS) {
                keepReady();
            }
        }
    }

    /** So that a response that is resumed does not wait for connections. */
    void keepReady() {
        readyNanos = System.nanoTime();
        try {
            earlier.keepReady();
        } catch (KafkaException e) {
            LOG.info("The topic {} does not answer yet: {}", topics.replies(), e.toString());
        }
    }

    /** One turn of the loop: a fetch of both kinds, for whoever has waited longest. */
    void turn() {
        for (Runnable next = incoming.poll(); next != null; next = incoming.poll()) {
            next.run();
        }
        search();
        try {
            earlier.step().forEach(expired -> searches.add(new AnswerSearch(expired)));
        } catch (RetriableException e) {
            LOG.warn("Logs of responses could not be read and will be tried again: {}", e.toString());
        }
    }

    private void search() {
        LogSearch first = searches.poll();
        if (first != null && !first.step(consumer, topics)) {
            searches.add(first);
        }
    }
}
