package dev.millrace.worker.kafka;

import dev.millrace.schemas.Claim;
import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.Restarted;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import dev.millrace.worker.engine.ErrorCode;
import dev.millrace.worker.engine.GenerationRequest;
import dev.millrace.worker.engine.PromptRefusedException;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One prompt in one session, from intake to its acknowledged terminal: claim, read back, decide, generate, finish.
 *
 * <p>Whatever fails to be sent, the way on is the same: raise the epoch, claim again, read back, continue from what
 * the log says. Nothing is ever just sent again, since what seemed lost may still land. Owned by the delivery context.
 */
final class PromptRun {
    private static final Logger LOG = LoggerFactory.getLogger(PromptRun.class);
    private static final long RETRY_MS = 500;
    /**
     * Where a prompt does not say where its answer may begin, reading back starts this long before its append: a
     * second copy of it, sent by a producer that tried again, comes within Kafka's default delivery timeout of two
     * minutes, and the brokers' clocks are taken to be within half a minute of each other.
     */
    private static final long READ_BACK_MARGIN_MS = TimeUnit.SECONDS.toMillis(150);

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

    private boolean closed;

    PromptRun(Lane lane, PromptConsumer source, IncomingPrompt incoming, ReplyPlace place, Consumer<PromptRun> onDone) {
        this.lane = lane;
        this.source = source;
        this.incoming = incoming;
        this.place = place;
        this.onDone = onDone;
        this.epoch = incoming.epoch();
        this.prepared = lane.context()
                .executeBlocking(
                        () -> lane.preparation()
                                .prepare(prompt(), incoming.record().timestamp()),
                        false);
        attach(incoming);
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

    /** The session is gone: falls silent at once. */
    void close() {
        closed = true;
        fallSilent();
    }

    /** One try at being the prompt's writer. */
    void claim() {
        ReplyWriter writer = new ReplyWriter(
                lane.sender(),
                place.partition(),
                prompt().getId(),
                new Writer(epoch, session().nonce()));
        current = writer;
        int partition = session().partition().partition();
        lane.onContext(writer.send(new Claimed(lane.workerId(), lane.modelId(), partition)))
                .compose(this::readBack)
                .onSuccess(history -> ifCurrent(writer, () -> decide(writer, history)))
                .onFailure(failure -> ifCurrent(writer, () -> claimAgain(failure)));
    }

    private Future<ReplyHistory> readBack(long claimOffset) {
        return lane.onContext(lane.reader()
                .read(new ReadBack(
                        place.partition(),
                        prompt().getId(),
                        place.readFrom(),
                        incoming.record().timestamp() - READ_BACK_MARGIN_MS,
                        claimOffset)));
    }

    private void decide(ReplyWriter writer, ReplyHistory history) {
        Claim claim = history.currentClaim();
        if (history.lost()) {
            fail(writer, ErrorCode.HISTORY_LOST, "the reply log no longer holds the beginning of this answer");
        } else if (claim == null || !claim.writer().equals(writer.writer())) {
            onSuperseded(claim);
        } else if (history.finished() != null) {
            complete(history.finished(), history.text() + history.finished().getText());
        } else {
            prepared.onSuccess(request -> ifCurrent(writer, () -> begin(writer, history, request)))
                    .onFailure(refusal -> ifCurrent(writer, () -> refuse(writer, refusal)));
        }
    }

    /** Goes on with what this model began. What another began starts over, and only once the log says so. */
    private void begin(ReplyWriter writer, ReplyHistory history, GenerationRequest fresh) {
        boolean goesOn = history.continuableBy(lane.modelId());
        lane.metrics().onStart(!history.ids().isEmpty(), goesOn);
        if (goesOn) {
            generate(writer, fresh.continuing(history.ids()), history.text());
        } else {
            lane.onContext(writer.send(new Restarted("model_changed")))
                    .onSuccess(offset -> ifCurrent(writer, () -> generate(writer, fresh, "")))
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

    private void generate(ReplyWriter writer, GenerationRequest request, String saidBefore) {
        CompletionWriter listener = new CompletionWriter(
                writer,
                saidBefore,
                failure -> lane.context().runOnContext(v -> ifCurrent(writer, () -> claimAgain(failure))),
                terminal -> awaitTerminal(writer, terminal));
        try {
            lane.engine().submit(request, listener);
        } catch (PromptRefusedException e) {
            finish(writer, e.failure());
        }
    }

    private void refuse(ReplyWriter writer, Throwable refusal) {
        if (refusal instanceof PromptRefusedException refused) {
            finish(writer, refused.failure());
        } else {
            LOG.error("Prompt {} could not be prepared", prompt().getId(), refusal);
            fail(writer, ErrorCode.INTERNAL, "the worker could not prepare this prompt");
        }
    }

    private void fail(ReplyWriter writer, ErrorCode code, String message) {
        finish(writer, new PromptRefusedException(code, null, message).failure());
    }

    /** Ends a prompt for which nothing was generated. */
    private void finish(ReplyWriter writer, Failure failure) {
        Finished finished =
                new Finished(FinishReason.ERROR, "", new Usage(0, 0, 0), new Timings(0.0, 0.0, 0.0), failure);
        awaitTerminal(writer, new CompletionWriter.Terminal(finished, "", writer.send(finished)));
    }

    /** On the context or on the engine's thread. */
    private void awaitTerminal(ReplyWriter writer, CompletionWriter.Terminal terminal) {
        lane.onContext(terminal.sent())
                .onSuccess(offset -> ifCurrent(writer, () -> complete(terminal.finished(), terminal.text())))
                .onFailure(failure -> ifCurrent(writer, () -> claimAgain(failure)));
    }

    /** The terminal stands in the log. The whole answer follows, at least once, before the prompt's offset is done. */
    private void complete(Finished finished, String text) {
        Completion completion = new Completion(
                prompt().getId(),
                prompt().getConversation(),
                lane.modelId(),
                text,
                finished.getReason(),
                finished.getUsage(),
                finished.getTimings(),
                finished.getError());
        byte[] key = prompt().getId().toString().getBytes(StandardCharsets.UTF_8);
        sendCompletion(
                new ProducerRecord<>(lane.topics().completions(), key, EventCodec.COMPLETION.encode(completion)));
    }

    private void sendCompletion(ProducerRecord<byte[], byte[]> completion) {
        lane.onContext(lane.sender().send(completion))
                .onSuccess(offset -> done())
                .onFailure(failure -> later(() -> sendCompletion(completion)));
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
        raiseEpoch(epoch);
    }

    private void raiseEpoch(long seen) {
        fallSilent();
        lane.onContext(source.raiseEpoch(session(), seen))
                .onSuccess(raised -> {
                    epoch = raised;
                    if (!closed) {
                        claim();
                    }
                })
                .onFailure(failure -> {
                    if (!(failure instanceof SessionClosedException)) {
                        later(() -> raiseEpoch(seen));
                    }
                });
    }

    private void fallSilent() {
        current = null;
        lane.engine().drop(prompt().getId());
    }

    private void later(Runnable action) {
        lane.context().owner().setTimer(RETRY_MS, timer -> {
            if (!closed) {
                action.run();
            }
        });
    }

    private void ifCurrent(ReplyWriter writer, Runnable action) {
        if (current == writer) {
            action.run();
        }
    }
}
