package dev.millrace.worker.kafka;

import dev.millrace.schemas.Claim;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Restarted;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.engine.ErrorCode;
import dev.millrace.worker.engine.GenerationRequest;
import dev.millrace.worker.engine.PromptRefusedException;
import dev.millrace.worker.kafka.ReplyHistory.Said;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One prompt in one session, from intake to its acknowledged terminal: claim, read back, decide, generate, finish.
 *
 * <p>Whatever fails to be sent, the way on is the same: raise the epoch, claim again, read back, continue from what
 * the log says. Nothing is ever just sent again, since what seemed lost may still land.
 *
 * <p>Of a prompt that no earlier session can have had, the log will most likely say nothing. It is generated from the
 * start on, while claim and reading back are under way; what comes of it is told, or thrown away, when the log has been
 * read. Owned by the delivery context.
 */
final class PromptRun {
    private static final Logger LOG = LoggerFactory.getLogger(PromptRun.class);
    private static final long RETRY_MS = 500;
    /** After this many crashes at one index a prompt runs alone, and the next crash is its own. */
    private static final int CRASHES_BEFORE_ALONE = 3;
    /** Before a prompt is given up: time for a worker that did not crash to say so. */
    private static final long CONFIRM_MS = 2_000;

    /** It waits again, in front, for the next session. */
    private static final Progress PUT_DOWN = new Progress(0, 0, 0);

    private final Lane lane;
    private final PromptConsumer source;
    private final IncomingPrompt incoming;
    private final ReplyPlace place;
    private final Consumer<PromptRun> onDone;
    private final List<Long> offsets = new ArrayList<>();
    private final Future<GenerationRequest> prepared;
    private long epoch;
    /** Of the current claim; null between two claims and when closed. What an earlier one brings is ignored. */
    private @Nullable ReplyWriter current;

    /** What the engine has of this run; null where it has nothing. */
    private @Nullable GenerationRequest generating;

    /** To tell what the engine generates ahead of the reading back; null where it does not. */
    private @Nullable CompletableFuture<Void> leave;

    /** Whether the engine has had this run at all, in this session. */
    private boolean submitted;

    /** Whether it has been claimed once more since it first seemed poisonous. */
    private boolean confirmed;

    private boolean cancelled;
    private boolean closed;

    PromptRun(Lane lane, PromptConsumer source, IncomingPrompt incoming, ReplyPlace place, Consumer<PromptRun> onDone) {
        this.lane = lane;
        this.source = source;
        this.incoming = incoming;
        this.place = place;
        this.onDone = onDone;
        this.epoch = incoming.epoch();
        this.prepared = prepare();
        attach(incoming);
    }

    private Future<GenerationRequest> prepare() {
        PromptRefusedException refusal = incoming.decoded().refusal();
        return refusal != null
                ? Future.failedFuture(refusal)
                : lane.context()
                        .executeBlocking(
                                () -> lane.preparation()
                                        .prepare(prompt(), incoming.record().timestamp()),
                                false);
    }

    Prompt prompt() {
        return incoming.prompt();
    }

    PartitionSession session() {
        return incoming.session();
    }

    /** The same prompt once more: both are done when this run is. */
    void attach(IncomingPrompt duplicate) {
        offsets.add(duplicate.record().offset());
    }

    /** Ends with CANCELLED, once it is known where the answer stands. */
    void cancel() {
        if (!cancelled && generating != null) {
            lane.engine().cancel(generating);
        }
        cancelled = true;
    }

    /** The session is gone: falls silent, with the one word that this was no crash. */
    void close() {
        closed = true;
        fallSilent();
        if (submitted && !lane.engine().failed()) {
            var unused = writer().send(PUT_DOWN);
        }
    }

    /** One try at being the prompt's writer. A topic that only this prompt names is asked about first. */
    void claim() {
        if (answersInOwnTopic()) {
            sendClaim();
            return;
        }
        lane.placeCheck()
                .check(place.partition())
                .onSuccess(v -> unlessClosed(this::sendClaim))
                .onFailure(failure -> unlessClosed(() -> onUnanswerable(failure)));
    }

    private boolean answersInOwnTopic() {
        return place.partition().topic().equals(lane.topics().replies());
    }

    /** Without its place a prompt has no log to end in: it becomes a dead letter, as if it had never had one. */
    private void onUnanswerable(Throwable failure) {
        if (!(failure instanceof UnknownReplyPlaceException gone)) {
            later(RETRY_MS, this::claim);
            return;
        }
        LOG.warn("Prompt {} goes to the dead letters: {}", prompt().getId(), gone.getMessage());
        lane.metrics().onDeadLetter();
        new DeadLetters(lane)
                .bury(incoming.record(), UnknownReplyPlaceException.CODE, gone)
                .onSuccess(v -> done());
    }

    private void sendClaim() {
        ReplyWriter writer = writer();
        current = writer;
        int partition = session().partition().partition();
        Future<ReplyHistory> read = lane.onContext(
                        writer.send(new Claimed(lane.workerId(), lane.modelId(prompt()), partition)))
                .compose(this::readBack)
                .onSuccess(history -> ifCurrent(writer, () -> decide(writer, history)))
                .onFailure(failure -> ifCurrent(writer, () -> claimAgain(failure)));
        if (incoming.isNew() && !submitted) {
            prepared.onSuccess(request -> ifCurrent(writer, () -> generateAhead(writer, request, read)));
        }
    }

    /** As if the log said nothing. What cannot be begun, or not any more, waits until it has been read. */
    private void generateAhead(ReplyWriter writer, GenerationRequest request, Future<ReplyHistory> read) {
        if (cancelled || read.isComplete()) {
            return;
        }
        CompletableFuture<Void> given = new CompletableFuture<>();
        try {
            submit(writer, Said.NOTHING, request, false, given);
            leave = given;
        } catch (PromptRefusedException e) {
            LOG.debug("Prompt {} is refused when its log has been read", prompt().getId());
        }
    }

    private ReplyWriter writer() {
        return new ReplyWriter(
                lane.sender(),
                place.partition(),
                incoming.decoded().form(),
                prompt().getId(),
                new Writer(epoch, session().nonce()));
    }

    private Future<ReplyHistory> readBack(long claimOffset) {
        return lane.onContext(lane.reader()
                .read(new ReadBack(
                        place.partition(),
                        prompt().getId(),
                        place.readFrom(),
                        incoming.record().timestamp() - Lane.READ_BACK_MARGIN_MS,
                        claimOffset)));
    }

    private void decide(ReplyWriter writer, ReplyHistory history) {
        if (leave != null && history.saysNothing(writer.writer())) {
            lane.metrics().onStart(false, true);
            leave.complete(null);
            return;
        }
        stopGenerating();
        Claim claim = history.currentClaim();
        if (claim == null || !claim.writer().equals(writer.writer())) {
            onSuperseded(claim);
        } else if (history.lost()) {
            fail(
                    writer,
                    history.said(),
                    ErrorCode.HISTORY_LOST,
                    "the reply log no longer has the beginning of this answer");
        } else if (history.finished() != null) {
            String modelId = Objects.requireNonNullElse(history.finishedModelId(), lane.modelId(prompt()));
            complete(
                    history.finished(),
                    history.said().text() + history.finished().getText(),
                    modelId);
        } else {
            prepared.onSuccess(request -> ifCurrent(writer, () -> begin(writer, history, request)))
                    .onFailure(refusal -> ifCurrent(writer, () -> refuse(writer, history.said(), refusal)));
        }
    }

    /** What crashes worker after worker is given up. Everything else begins, on its own when it may be to blame. */
    private void begin(ReplyWriter writer, ReplyHistory history, GenerationRequest fresh) {
        int crashes = history.crashes();
        if (crashes > CRASHES_BEFORE_ALONE && !cancelled) {
            giveUp(writer, history.said());
        } else {
            start(writer, history, crashes == CRASHES_BEFORE_ALONE ? fresh.onItsOwn() : fresh);
        }
    }

    private void giveUp(ReplyWriter writer, Said said) {
        if (!confirmed) {
            confirmed = true;
            fallSilent();
            later(CONFIRM_MS, () -> raiseEpoch(epoch));
            return;
        }
        PromptRefusedException reason = new PromptRefusedException(
                ErrorCode.POISONOUS,
                null,
                "workers crashed while they ran this prompt, the last one with nothing else running");
        LOG.error("Prompt {} is given up: {}", prompt().getId(), reason.getMessage());
        lane.metrics().onDeadLetter();
        new DeadLetters(lane)
                .bury(incoming.record(), ErrorCode.POISONOUS.code(), reason)
                .onSuccess(v -> ifCurrent(writer, () -> refuse(writer, said, reason)));
    }

    /** Goes on with what this model began. What another began starts over, and only once the log says so. */
    private void start(ReplyWriter writer, ReplyHistory history, GenerationRequest fresh) {
        boolean goesOn = history.continuableBy(lane.modelId(prompt()));
        lane.metrics().onStart(!history.said().ids().isEmpty(), goesOn);
        if (goesOn) {
            generate(writer, history.said(), fresh, history.takenOver());
        } else {
            lane.onContext(writer.send(new Restarted("model_changed")))
                    .onSuccess(offset -> ifCurrent(writer, () -> generate(writer, Said.NOTHING, fresh, true)))
                    .onFailure(failure -> ifCurrent(writer, () -> claimAgain(failure)));
        }
    }

    /**
     * Another claim outranks this one. From the same partition it is that of an earlier owner with a higher epoch:
     * claim above it. From another partition it holds a copy of the prompt, and its owner finishes both.
     */
    private void onSuperseded(@Nullable Claim claim) {
        int partition = session().partition().partition();
        if (claim == null || claim.sourcePartition() == partition) {
            raiseEpoch(claim == null ? epoch : claim.epoch());
        } else {
            LOG.info(
                    "Prompt {} is in partition {} as well and finished there",
                    prompt().getId(),
                    claim.sourcePartition());
            done();
        }
    }

    private void generate(ReplyWriter writer, Said said, GenerationRequest fresh, boolean takenOver) {
        if (cancelled) {
            finish(writer, said, FinishReason.CANCELLED, null);
            return;
        }
        try {
            submit(writer, said, fresh.continuing(said.ids()), takenOver, CompletableFuture.completedFuture(null));
        } catch (PromptRefusedException e) {
            finish(writer, said, FinishReason.ERROR, e.failure());
        }
    }

    /** @param leave to tell what is generated */
    private void submit(
            ReplyWriter writer, Said said, GenerationRequest request, boolean takenOver, CompletableFuture<Void> leave)
            throws PromptRefusedException {
        CompletionWriter listener = new CompletionWriter(
                writer,
                request.promptTokens().length,
                takenOver,
                said.text(),
                leave,
                failure -> lane.context().runOnContext(v -> ifCurrent(writer, () -> claimAgain(failure))),
                terminal -> awaitTerminal(writer, terminal));
        lane.engine().submit(request, listener);
        generating = request;
        submitted = true;
    }

    private void refuse(ReplyWriter writer, Said said, Throwable refusal) {
        if (refusal instanceof PromptRefusedException refused) {
            finish(writer, said, FinishReason.ERROR, refused.failure());
        } else {
            LOG.error("Prompt {} could not be prepared", prompt().getId(), refusal);
            fail(writer, said, ErrorCode.INTERNAL, "the worker could not prepare this prompt");
        }
    }

    private void fail(ReplyWriter writer, Said said, ErrorCode code, String message) {
        finish(writer, said, FinishReason.ERROR, new PromptRefusedException(code, null, message).failure());
    }

    /** Ends a prompt that does not reach the engine. */
    private void finish(ReplyWriter writer, Said said, FinishReason reason, @Nullable Failure failure) {
        Usage usage = new Usage(0, said.ids().size(), 0, 0);
        Finished finished = new Finished(reason, "", usage, new Timings(0.0, 0.0, 0.0), failure);
        awaitTerminal(writer, new CompletionWriter.Terminal(finished, said.text(), writer.send(finished)));
    }

    /**
     * On the context or on the engine's thread. That the log has the terminal does not say that it counts: a worker
     * that lost the partition unawares may have written it. So a commit is to be accepted first.
     */
    private void awaitTerminal(ReplyWriter writer, CompletionWriter.Terminal terminal) {
        lane.onContext(terminal.sent().thenCompose(offset -> source.confirm(session())))
                .onSuccess(confirmed ->
                        ifCurrent(writer, () -> complete(terminal.finished(), terminal.text(), lane.modelId(prompt()))))
                .onFailure(failure -> ifCurrent(writer, () -> claimAgain(failure)));
    }

    /** The terminal stands in the log and counts. The whole answer follows, at least once, before the prompt's offset is done. */
    private void complete(Finished finished, String text, String modelId) {
        Completion completion = new Completion(
                prompt().getId(),
                prompt().getConversation(),
                modelId,
                text,
                finished.getReason(),
                finished.getUsage(),
                finished.getTimings(),
                finished.getError());
        announce(completion);
    }

    private void announce(Completion completion) {
        new WholeAnswers(lane)
                .write(incoming, completion)
                .onSuccess(v -> done())
                .onFailure(failure -> later(RETRY_MS, () -> announce(completion)));
    }

    private void done() {
        if (!closed) {
            closed = true;
            source.finish(session(), offsets);
            onDone.accept(this);
        }
    }

    private void claimAgain(Throwable failure) {
        LOG.warn("Prompt {} is claimed again: {}", prompt().getId(), failure.toString());
        lane.metrics().onSendFailed();
        fallSilent();
        if (answersInOwnTopic()) {
            lane.suspect(place.partition());
        }
        later(RETRY_MS, () -> raiseEpoch(epoch));
    }

    private void raiseEpoch(long seen) {
        fallSilent();
        lane.onContext(source.raiseEpoch(session(), seen))
                .onSuccess(raised -> {
                    epoch = raised;
                    unlessClosed(this::claim);
                })
                .onFailure(failure -> {
                    if (!(failure instanceof SessionClosedException)) {
                        later(RETRY_MS, () -> raiseEpoch(seen));
                    }
                });
    }

    private void fallSilent() {
        current = null;
        stopGenerating();
    }

    private void stopGenerating() {
        leave = null;
        if (generating != null) {
            lane.engine().drop(generating);
            generating = null;
        }
    }

    private void later(long delayMs, Runnable action) {
        lane.context().owner().setTimer(delayMs, timer -> unlessClosed(action));
    }

    private void unlessClosed(Runnable action) {
        if (!closed) {
            action.run();
        }
    }

    private void ifCurrent(ReplyWriter writer, Runnable action) {
        if (current == writer) {
            action.run();
        }
    }
}
