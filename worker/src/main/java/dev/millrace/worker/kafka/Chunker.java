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
 * Gathers the tokens of one completion into chunks. The first token goes at once. The next chunk goes when the one
 * before it is acknowledged and the frame in which that was sent is over; or when tokens have waited for
 * {@value #MOST_WAIT_MS} ms or are {@value #MOST_CHARACTERS} characters. Frames are {@value #FRAME_MS} ms long, since
 * nobody sees text grow more often than thirty times a second, and the same for all completions: what many draw in one
 * step leaves in few requests. So a chunk is a token where tokens take longer than that, and grows by itself where they
 * are faster or where the send thread or the broker is behind. Before there is leave to speak at all, everything
 * gathers.
 *
 * <p>The engine's thread adds, the producer's thread tells of acknowledgements, the timer's that a frame is over; they
 * meet under this object's lock, under which nothing blocks.
 */
final class Chunker {
    private static final long FRAME_MS = 33;
    private static final long MOST_WAIT_MS = 40;
    private static final int MOST_CHARACTERS = 1024;
    private static final long FRAME_NANOS = TimeUnit.MILLISECONDS.toNanos(FRAME_MS);
    private static final long MOST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(MOST_WAIT_MS);

    /** Sends a chunk, without blocking. */
    @FunctionalInterface
    interface ChunkSender {
        CompletableFuture<Long> send(Tokens chunk);
    }

    /** Runs a task once, after so many nanoseconds, on a thread that nothing blocks. */
    @FunctionalInterface
    interface Timer {
        void after(long nanos, Runnable task);
    }

    private final ChunkSender sender;
    private final LongSupplier nanoClock;
    private final Timer timer;
    private final CompletableFuture<?> leave;
    private final StringBuilder text = new StringBuilder();
    private List<Integer> ids = new ArrayList<>();
    /** One for each id; null where nobody asked for them. */
    private @Nullable List<TokenLogprobs> logprobs;

    private int firstIndex;
    private long waitsSinceNanos;
    /** Null before the first chunk. */
    private @Nullable Long sentNanos;

    private int underWay;
    /** Whether the timer will look. */
    private boolean timed;
    /** Completes when the log has all chunks so far; fails when one was lost. */
    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);

    /** @param leave to send anything; may never come */
    Chunker(ChunkSender sender, LongSupplier nanoClock, Timer timer, CompletableFuture<?> leave) {
        this.sender = sender;
        this.nanoClock = nanoClock;
        this.timer = timer;
        this.leave = leave;
        var unused = leave.thenRun(this::sendWhatIsDue);
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
        sendWhatIsDue();
    }

    private synchronized void sendWhatIsDue() {
        if (ids.isEmpty() || !leave.isDone()) {
            return;
        }
        long nowNanos = nanoClock.getAsLong();
        long frameNanos = sentNanos == null ? 0 : frameEnd(sentNanos) - nowNanos;
        boolean inTurn = underWay == 0 && frameNanos <= 0;
        if (inTurn || nowNanos - waitsSinceNanos >= MOST_WAIT_NANOS || text.length() >= MOST_CHARACTERS) {
            send();
        } else if (underWay == 0 && !timed) {
            timed = true;
            timer.after(frameNanos, this::onTimer);
        }
    }

    private static long frameEnd(long nanos) {
        return (Math.floorDiv(nanos, FRAME_NANOS) + 1) * FRAME_NANOS;
    }

    private synchronized void onTimer() {
        timed = false;
        sendWhatIsDue();
    }

    /** Sends what has gathered. The future completes when the log has all chunks, and fails when one was lost. */
    CompletableFuture<?> flush() {
        return leave.thenCompose(given -> sendRest());
    }

    private synchronized CompletableFuture<?> sendRest() {
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
        sentNanos = nanoClock.getAsLong();
        underWay++;
        CompletableFuture<Long> landed = sender.send(chunk);
        sent = CompletableFuture.allOf(sent, landed);
        var unused = landed.thenRun(this::onAcknowledged);
    }

    /** Not called for a chunk that is lost: behind a gap nothing counts, so nothing hurries. */
    private synchronized void onAcknowledged() {
        underWay--;
        sendWhatIsDue();
    }
}
