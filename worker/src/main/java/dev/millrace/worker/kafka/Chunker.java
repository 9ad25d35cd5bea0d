package dev.millrace.worker.kafka;

import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the tokens of one completion into chunks, at the pace of the acknowledgements. While no chunk is under way
 * the next token goes at once, the first above all. While one is, tokens gather until it is acknowledged, or until
 * they wait for {@value #MOST_WAIT_MS} ms or are {@value #MOST_CHARACTERS} characters. So a chunk is a token as long as
 * Kafka keeps up, and grows by itself when the send thread or the broker is behind.
 *
 * <p>The engine's thread adds, and the producer's thread tells of acknowledgements; they meet under this object's lock,
 * under which nothing blocks.
 */
final class Chunker {
    private static final long MOST_WAIT_MS = 40;
    private static final int MOST_CHARACTERS = 1024;

    /** Sends a chunk, without blocking. */
    @FunctionalInterface
    interface ChunkSender {
        CompletableFuture<Long> send(Tokens chunk);
    }

    private final ChunkSender sender;
    private final LongSupplier nanoClock;
    private final StringBuilder text = new StringBuilder();
    private List<Integer> ids = new ArrayList<>();
    /** One for each id; null where nobody asked for them. */
    private @Nullable List<TokenLogprobs> logprobs;

    private int firstIndex;
    private long waitsSinceNanos;
    private int underWay;
    /** Completes when the log has all chunks so far; fails when one was lost. */
    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);

    Chunker(ChunkSender sender, LongSupplier nanoClock) {
        this.sender = sender;
        this.nanoClock = nanoClock;
    }

    /** The next tokens, with the text that they release, and as many log-probabilities or none. */
    synchronized void add(int index, List<Integer> next, String released, @Nullable List<TokenLogprobs> nextLogprobs) {
        if (ids.isEmpty()) {
            firstIndex = index;
            waitsSinceNanos = nanoClock.getAsLong();
        }
        ids.addAll(next);
        if (nextLogprobs != null) {
            logprobs = logprobs == null ? new ArrayList<>() : logprobs;
            logprobs.addAll(nextLogprobs);
        }
        text.append(released);
        boolean waitedEnough = nanoClock.getAsLong() - waitsSinceNanos >= TimeUnit.MILLISECONDS.toNanos(MOST_WAIT_MS);
        if (underWay == 0 || waitedEnough || text.length() >= MOST_CHARACTERS) {
            send();
        }
    }

    /** Sends what has gathered. The future completes when the log has all chunks, and fails when one was lost. */
    synchronized CompletableFuture<?> flush() {
        if (!ids.isEmpty()) {
            send();
        }
        return sent;
    }

    private void send() {
        Tokens chunk = new Tokens(firstIndex, ids, text.toString(), logprobs);
        ids = new ArrayList<>();
        logprobs = null;
        text.setLength(0);
        underWay++;
        CompletableFuture<Long> landed = sender.send(chunk);
        sent = CompletableFuture.allOf(sent, landed);
        var unused = landed.thenRun(this::onAcknowledged);
    }

    /** Not called for a chunk that is lost: behind a gap nothing counts, so nothing hurries. */
    private synchronized void onAcknowledged() {
        underWay--;
        if (underWay == 0 && !ids.isEmpty()) {
            send();
        }
    }
}
