package dev.millrace.worker.bench;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.engine.CompletionListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Which tokens a completion has, and when each came. The engine's thread writes under the lock, others read and wait under it. */
final class Arrivals implements CompletionListener {
    private final List<Long> nanos = new ArrayList<>();
    private final List<Integer> ids = new ArrayList<>();
    private boolean ended;
    private @Nullable String failure;

    /** @throws IllegalStateException when the completion has failed */
    synchronized void awaitTokens(int count) throws InterruptedException {
        while (nanos.size() < count) {
            if (failure != null) {
                throw new IllegalStateException(failure);
            }
            wait();
        }
    }

    /** @throws IllegalStateException when the completion has failed */
    synchronized void awaitEnd() throws InterruptedException {
        while (!ended) {
            wait();
        }
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
    }

    synchronized int[] ids() {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    synchronized long tokenNanos(int index) {
        return nanos.get(index);
    }

    /** Of {@link System#nanoTime}, one for each token. */
    synchronized List<Long> nanos() {
        return List.copyOf(nanos);
    }

    @Override
    public CompletableFuture<?> onStart() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onProgress(@Nullable Integer queuePosition, int prefilledTokens, int promptTokens) {}

    @Override
    public synchronized void onTokens(
            int firstIndex, List<Integer> said, String text, @Nullable List<TokenLogprobs> logprobs) {
        long now = System.nanoTime();
        said.forEach(id -> nanos.add(now));
        ids.addAll(said);
        notifyAll();
    }

    @Override
    public synchronized void onFinished(
            FinishReason reason, String heldBack, Usage usage, Timings timings, @Nullable Failure error) {
        if (error != null) {
            failure = reason + ": " + error.getMessage();
        }
        ended = true;
        notifyAll();
    }
}
