package dev.millrace.worker.engine;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.TokenLogprob;
import dev.millrace.schemas.event.TokenLogprobs;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One completion on its way: the tokens of prompt and answer, how many of them the KV cache holds, and what has been
 * said. Prefill and decode are the same thing here: there are tokens that the cache lacks, and the last of them yields
 * the next one. Owned by the engine's thread.
 */
final class Slot {
    private static final int NOT_ADMITTED = -1;
    /** Far more than are drawn while the first of them is on its way to the log. */
    private static final int ALONE_TOKENS = 16;

    private final GenerationRequest request;
    private final CompletionListener listener;
    private final Vocabulary vocabulary;
    private final TextRelease text;
    /** Prompt and completion; as long as both can become. */
    private final int[] tokens;

    /** Of the tokens that have not been said yet; null where none are asked for. */
    private final @Nullable List<TokenLogprobs> logprobs;

    private final Stopwatch stopwatch;
    private int length;
    private int cached;
    private int saidIndex;
    private int sequence = NOT_ADMITTED;
    /** What the listener waits for before the start; null before it was asked. */
    private @Nullable CompletableFuture<?> announced;

    private @Nullable FinishReason finishReason;

    /**
     * @param contextTokens the most tokens of prompt and completion together; more than the prompt has
     * @param nowNanos when the prompt came, as {@link System#nanoTime}
     */
    Slot(
            GenerationRequest request,
            CompletionListener listener,
            Vocabulary vocabulary,
            int contextTokens,
            long nowNanos) {
        this.request = request;
        this.listener = listener;
        this.vocabulary = vocabulary;
        this.text = new TextRelease(request.parameters().stop());
        this.logprobs = sampler().logprobs() == SamplerSettings.NO_LOGPROBS ? null : new ArrayList<>();
        this.stopwatch = new Stopwatch(nowNanos);
        int prompt = request.promptTokens().length;
        int most = (int)
                Math.min(contextTokens, (long) prompt + request.parameters().maxNewTokens());
        this.tokens = Arrays.copyOf(request.promptTokens(), most);
        this.length = prompt;
    }

    /**
     * Brings the state to where the completion's earlier owner left off; what it said is not said again. A completion
     * that lacked nothing but its last word is finished with this.
     */
    void replay() {
        int[] ids = request.completionTokens();
        for (int i = 0; i < ids.length && length < tokens.length; i++) {
            tokens[length++] = ids[i];
            text.accept(vocabulary.piece(ids[i]));
        }
        saidIndex = index();
        finishIfComplete();
    }

    GenerationRequest request() {
        return request;
    }

    SamplerSettings sampler() {
        return request.parameters().sampler();
    }

    /** KV cells that this completion may come to need. */
    int cells() {
        return tokens.length;
    }

    /** Whether nothing else may run: until it has come so far that the log has some of it. */
    boolean alone() {
        return request.alone() && index() < request.completionTokens().length + ALONE_TOKENS;
    }

    /** Whether the device may take it up; the listener hears of it the first time that this is asked. */
    boolean ready() {
        if (announced == null) {
            announced = listener.onStart();
        }
        return announced.isDone() && !announced.isCompletedExceptionally();
    }

    /** Whether it has been asked for and is not there yet. */
    boolean announcing() {
        return announced != null && !announced.isDone();
    }

    int sequence() {
        return sequence;
    }

    void admit(int sequence, long nowNanos) {
        this.sequence = sequence;
        stopwatch.onAdmitted(nowNanos);
    }

    boolean finished() {
        return finishReason != null;
    }

    /** Null while it goes on. */
    @Nullable
    FinishReason finishReason() {
        return finishReason;
    }

    /** Whether the deadline lies before {@code nowMs}, in milliseconds since 1970. */
    boolean expired(long nowMs) {
        return request.deadline() != null && request.deadline().toEpochMilli() < nowMs;
    }

    /** Tokens that the KV cache lacks: 1 while decoding, more in prefill. */
    int pending() {
        return length - cached;
    }

    /** When the newest token was drawn, or else when the slot was admitted; as {@link System#nanoTime}. */
    long lastStepNanos() {
        return stopwatch.lastStepNanos();
    }

    /** Puts up to {@code rows} of the pending tokens into the batch; the last of all asks for the next token. */
    void fill(Batch batch, int rows) {
        int end = Math.min(length, cached + rows);
        while (cached < end) {
            if (cached == length - 1) {
                batch.addOutput(sequence, tokens[cached], cached, index());
            } else {
                batch.add(sequence, tokens[cached], cached);
            }
            cached++;
        }
    }

    /** The device has drawn the next token: that of this output. */
    void accept(Batch batch, int output, long nowNanos) {
        if (finished()) {
            return;
        }
        int token = batch.sampledToken(output);
        stopwatch.onToken(nowNanos);
        if (vocabulary.isEndOfGeneration(token)) {
            finish(FinishReason.STOP, null);
            return;
        }
        tokens[length++] = token;
        if (logprobs != null) {
            logprobs.add(logprobs(batch, output));
        }
        String released = text.accept(vocabulary.piece(token));
        if (!released.isEmpty()) {
            say(released);
        }
        finishIfComplete();
    }

    /** Ends the completion and tells the listener; nothing happens to one that has ended. */
    void finish(FinishReason reason, @Nullable Failure failure) {
        if (finished()) {
            return;
        }
        finishReason = reason;
        if (saidIndex < index()) {
            say("");
        }
        listener.onFinished(reason, text.rest(), usage(), timings(), failure);
    }

    Usage usage() {
        return new Usage(request.promptTokens().length, index(), 0);
    }

    Timings timings() {
        return stopwatch.timings();
    }

    private void finishIfComplete() {
        if (text.stopped()) {
            finish(FinishReason.STOP, null);
        } else if (length == tokens.length) {
            finish(FinishReason.LENGTH, null);
        }
    }

    private void say(String released) {
        List<Integer> ids = new ArrayList<>(index() - saidIndex);
        for (int i = length - index() + saidIndex; i < length; i++) {
            ids.add(tokens[i]);
        }
        listener.onTokens(saidIndex, ids, released, logprobs == null ? null : List.copyOf(logprobs));
        if (logprobs != null) {
            logprobs.clear();
        }
        saidIndex = index();
    }

    private static TokenLogprobs logprobs(Batch batch, int output) {
        List<TokenLogprob> likeliest = batch.likeliest(output).stream()
                .map(of -> new TokenLogprob(of.token(), of.logprob()))
                .toList();
        return new TokenLogprobs(batch.sampledLogprob(output), likeliest);
    }

    /** The index in the completion of the next token. */
    private int index() {
        return length - request.promptTokens().length;
    }
}
