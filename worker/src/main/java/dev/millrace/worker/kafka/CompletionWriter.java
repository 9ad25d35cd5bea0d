package dev.millrace.worker.kafka;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.engine.CompletionListener;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns what the engine says of one completion into reply events, and keeps the whole text. Owned by the engine's
 * thread.
 *
 * <p>Chunks of tokens are sent one behind the other without waiting: one that is lost leaves a gap in the indices, and
 * readers pass over what follows. A terminal has no index, and would count after a gap too. So it waits until the log
 * has all tokens before it. Neither is sent before there is leave to: an answer may be begun before it is known that it
 * will count.
 */
final class CompletionWriter implements CompletionListener {
    /** A terminal on its way: the event, the whole text, and when the log has it. */
    record Terminal(Finished finished, String text, CompletableFuture<Long> sent) {}

    private final ReplyWriter writer;
    private final int promptTokens;
    private final boolean takenOver;
    private final Consumer<Throwable> onSendFailed;
    private final Consumer<Terminal> onTerminal;
    private final StringBuilder text;
    private final Chunker chunker;

    /**
     * @param promptTokens how many tokens the prompt has
     * @param takenOver whether an earlier session had the prompt; then the start is in the log before it happens, so
     *     that it is known even when it kills the process at once
     * @param saidBefore the text of the tokens that the completion begins with
     * @param leave to send tokens and terminal; may never come
     * @param onSendFailed called on any thread, for each event but the terminal
     * @param onTerminal called on the engine's thread
     */
    CompletionWriter(
            ReplyWriter writer,
            int promptTokens,
            boolean takenOver,
            String saidBefore,
            CompletableFuture<?> leave,
            Consumer<Throwable> onSendFailed,
            Consumer<Terminal> onTerminal) {
        this.writer = writer;
        this.promptTokens = promptTokens;
        this.takenOver = takenOver;
        this.text = new StringBuilder(saidBefore);
        this.chunker = new Chunker(this::send, System::nanoTime, CompletionWriter::after, leave);
        this.onSendFailed = onSendFailed;
        this.onTerminal = onTerminal;
    }

    /** One that is lost is not missed. */
    @Override
    public void onProgress(@Nullable Integer queuePosition, int prefilledTokens, int promptTokens) {
        var unused = writer.send(new Progress(queuePosition, prefilledTokens, promptTokens));
    }

    @Override
    public CompletableFuture<?> onStart() {
        CompletableFuture<Long> sent = send(new Progress(null, 0, promptTokens));
        return takenOver ? sent : CompletableFuture.completedFuture(null);
    }

    @Override
    public void onTokens(int firstIndex, List<Integer> ids, String released, @Nullable List<TokenLogprobs> logprobs) {
        text.append(released);
        chunker.add(firstIndex, ids, released, logprobs);
    }

    private static void after(long nanos, Runnable task) {
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run)
                .execute(task);
    }

    private CompletableFuture<Long> send(Object body) {
        CompletableFuture<Long> sent = writer.send(body);
        var unused = sent.exceptionally(failure -> {
            onSendFailed.accept(failure);
            return null;
        });
        return sent;
    }

    @Override
    public void onFinished(
            FinishReason reason, String heldBack, Usage usage, Timings timings, @Nullable Failure failure) {
        text.append(heldBack);
        Finished finished = new Finished(reason, heldBack, usage, timings, failure);
        onTerminal.accept(
                new Terminal(finished, text.toString(), chunker.flush().thenCompose(sent -> writer.send(finished))));
    }
}
