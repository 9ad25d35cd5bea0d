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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One completion on its way: the tokens of prompt and answer, its sequence in the KV cache, and what has been said. Prefill and decode are the same thing here: there are tokens that the cache lacks, and the last of them yields
 * the next one. Owned by the engine's thread.
 */
final class Slot {
    /** Cells that are set aside for the next tokens of a completion, so that it is not preempted at once. */
    private static final int MARGIN_CELLS = 128;

    /** Far more than are drawn while the first of them is on its way to the log. */
    private static final int ALONE_TOKENS = 16;

    /** Said so late only of grammars that nobody writes by hand; the others are refused when the prompt comes. */
    private static final Failure OUT_OF_THE_GRAMMAR = Failure.newBuilder()
            .setCode(ErrorCode.INVALID_PROMPT.code())
            .setParam("sampling.responseFormat")
            .setMessage("sampling.responseFormat cannot be kept to: no token of the model may follow,"
                    + " or the grammar can be read in too many ways")
            .build();

    private final GenerationRequest request;
    private final CompletionListener listener;
    private final Vocabulary vocabulary;
    private final TextRelease text;
    /** Null where it is turned off. */
    private final @Nullable LoopGuard loopGuard;
    /** Prompt and completion; as long as both can become. */
    private final int[] tokens;

    /** Of the tokens that have not been said yet; null where none are asked for. */
    private final @Nullable List<TokenLogprobs> logprobs;

    private final Stopwatch stopwatch;
    private final ProgressReport progress;
    private int length;
    private int saidIndex;
    private int cachedPromptTokens;
    private int preemptions;
    private int maskedTokens;
    /** Null while it waits. */
    private @Nullable Sequence sequence;
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
        this.loopGuard = request.parameters().loopGuard() ? new LoopGuard() : null;
        this.logprobs = sampler().logprobs() == SamplerSettings.NO_LOGPROBS ? null : new ArrayList<>();
        this.stopwatch = new Stopwatch(nowNanos);
        this.progress = new ProgressReport(nowNanos);
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
            append(ids[i]);
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

    /** The number of the one that it is computed with. */
    int adapter() {
        return request.adapter();
    }

    String principal() {
        return request.principal();
    }

    int priority() {
        return request.priority();
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

    /** KV cells to have at hand for it beyond those that it holds: for what is pending, and for some tokens more. */
    int reservedCells() {
        return Math.min(tokens.length, length + MARGIN_CELLS) - held();
    }

    /** A sequence of the cache for its tokens. The last of them is always computed: the next is drawn after it. */
    void admit(KvCache cache, long nowNanos) {
        Sequence opened = cache.open(reusable(), sampler());
        sequence = opened;
        if (!stopwatch.admitted()) {
            stopwatch.onAdmitted(nowNanos);
            cachedPromptTokens = Math.min(opened.length(), request.promptTokens().length);
        }
    }

    /** Leaves the device and forgets the sequence. */
    Sequence leave() {
        Sequence left = sequence();
        sequence = null;
        return left;
    }

    /** Leaves the device in order to come back. */
    Sequence preempt() {
        preemptions++;
        return leave();
    }

    Sequence sequence() {
        return Objects.requireNonNull(sequence, "not admitted");
    }

    /** How many of its first tokens need not be computed. */
    int heldIn(KvCache cache) {
        return cache.held(reusable());
    }

    /** How many of its first tokens are in use by others. */
    int heldInUse(KvCache cache) {
        return cache.heldInUse(reusable());
    }

    /** Tokens that both begin with. */
    int commonWith(Slot other) {
        return reusable().common(other.reusable());
    }

    /** All tokens but the last. */
    private TokenPrefix reusable() {
        return new TokenPrefix(adapter(), tokens, length - 1);
    }

    boolean prefilling() {
        return pending() > 1;
    }

    boolean progressDue(long nowNanos) {
        return progress.due(nowNanos);
    }

    /**
     * Tells how far the prompt is, if that is worth a word by now. Once the listener has heard of the start, a place in
     * the queue would say that the prompt was put down.
     */
    void tellProgress(@Nullable Integer queuePosition, long nowNanos) {
        if (queuePosition != null && announced != null) {
            return;
        }
        int promptTokens = request.promptTokens().length;
        progress.tell(listener, queuePosition, Math.min(held(), promptTokens), promptTokens, nowNanos);
    }

    /** Whether it has been on the device. */
    boolean admitted() {
        return stopwatch.admitted();
    }

    int preemptions() {
        return preemptions;
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
        return length - held();
    }

    /** When the newest token was drawn, or else when the slot was admitted; as {@link System#nanoTime}. */
    long lastStepNanos() {
        return stopwatch.lastStepNanos();
    }

    /**
     * Puts up to {@code rows} of the pending tokens into the batch; the last of all asks for the next token.
     *
     * @return how many it put
     */
    int fill(Batch batch, int rows) {
        Sequence filled = sequence();
        int begin = filled.length();
        int end = Math.min(length, begin + rows);
        for (int position = begin; position < end; position++) {
            if (position == length - 1) {
                batch.addOutput(filled.id(), tokens[position], position, index());
            } else {
                batch.add(filled.id(), tokens[position], position);
            }
            filled.append();
        }
        return end - begin;
    }

    /** The device has drawn the next token: that of this output. */
    void accept(Batch batch, int output, long nowNanos) {
        sequence().reach(batch.position(batch.outputRow(output)) + 1);
        if (finished()) {
            return;
        }
        int token = batch.sampledToken(output);
        if (token == Batch.NO_TOKEN) {
            finish(FinishReason.ERROR, OUT_OF_THE_GRAMMAR);
            return;
        }
        stopwatch.onToken(nowNanos);
        if (batch.masked(output)) {
            maskedTokens++;
        }
        if (vocabulary.isEndOfGeneration(token)) {
            finish(FinishReason.STOP, null);
            return;
        }
        if (logprobs != null) {
            logprobs.add(logprobs(batch, output));
        }
        String released = append(token);
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
        return new Usage(request.promptTokens().length, index(), cachedPromptTokens, maskedTokens);
    }

    Timings timings() {
        return stopwatch.timings();
    }

    /** The completion has this token more; returns the text that it releases. */
    private String append(int token) {
        tokens[length++] = token;
        if (loopGuard != null) {
            loopGuard.accept(token);
        }
        return text.accept(vocabulary.piece(token));
    }

    private void finishIfComplete() {
        if (text.stopped()) {
            finish(FinishReason.STOP, null);
        } else if (loopGuard != null && loopGuard.repeats()) {
            finish(FinishReason.REPETITION, null);
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

    private TokenLogprobs logprobs(Batch batch, int output) {
        List<TokenLogprob> likeliest = batch.likeliest(output).stream()
                .map(of -> new TokenLogprob(of.token(), of.logprob(), bytes(of.token())))
                .toList();
        return new TokenLogprobs(batch.sampledLogprob(output), likeliest, bytes(batch.sampledToken(output)));
    }

    /** Without sign. */
    private List<Integer> bytes(int token) {
        List<Integer> bytes = new ArrayList<>();
        for (byte each : vocabulary.piece(token)) {
            bytes.add(Byte.toUnsignedInt(each));
        }
        return bytes;
    }

    /** Tokens that the KV cache holds. */
    int held() {
        return sequence == null ? 0 : sequence.length();
    }

    /** The index in the completion of the next token. */
    private int index() {
        return length - request.promptTokens().length;
    }
}
