package dev.millrace.schemas;

import dev.millrace.schemas.Delivery.Accepted;
import dev.millrace.schemas.Delivery.StartedOver;
import dev.millrace.schemas.Delivery.Text;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Restarted;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A worker as the protocol has it, for one prompt: claim, read back, continue, finish; after a failed send raise the
 * epoch and do it all again. It does not notice by itself that it lost its partition: until a commit is refused it goes
 * on, as a zombie.
 */
final class SimulatedWorker {
    /** Every completion has this many tokens. */
    static final int LENGTH = 7;

    private enum Phase {
        IDLE,
        CLAIMING,
        AWAITING_CLAIM,
        READING_BACK,
        AWAITING_RESTART,
        GENERATING,
        AWAITING_TERMINAL
    }

    private final SimulatedPartition partition;
    private final int number;
    private final String modelId;
    private final Deque<ReplyEvent> inFlight = new ArrayDeque<>();
    private Phase phase = Phase.IDLE;
    private Writer session = Writer.NONE;
    private long ownClaimOffset;
    private int next;
    private boolean sendFailed;

    SimulatedWorker(SimulatedPartition partition, int number, String modelId) {
        this.partition = partition;
        this.number = number;
        this.modelId = modelId;
    }

    /** The id of the token at an index: what this model says, whoever runs it. */
    static int token(String modelId, int index) {
        return (modelId.charAt(modelId.length() - 1) - '0') * 1_000 + index;
    }

    void takeOver(long nonce) {
        open(new Writer(partition.assign(number), nonce));
    }

    private void open(Writer writer) {
        session = writer;
        sendFailed = false;
        phase = Phase.CLAIMING;
    }

    void crash() {
        partition.limbo.addAll(inFlight);
        inFlight.clear();
        phase = Phase.IDLE;
    }

    /** Does the next thing that needs no answer. */
    void step(int chunkTokens, boolean historyLost) {
        if (sendFailed && phase != Phase.IDLE) {
            claimAgain(session.epoch());
        } else if (phase == Phase.CLAIMING) {
            inFlight.add(Events.claimed(session, modelId));
            phase = Phase.AWAITING_CLAIM;
        } else if (phase == Phase.READING_BACK) {
            readBack(historyLost);
        } else if (phase == Phase.GENERATING) {
            generate(chunkTokens);
        }
    }

    private void claimAgain(long highestSeen) {
        long epoch = partition.raiseEpochAbove(number, highestSeen);
        if (epoch == 0) {
            phase = Phase.IDLE;
        } else {
            open(new Writer(epoch, session.nonce()));
        }
    }

    private void readBack(boolean historyLost) {
        if (historyLost) {
            finish(FinishReason.ERROR);
            return;
        }
        ReplyStream seen = new ReplyStream("replies", 0, Events.PROMPT_ID);
        String claimedBy = "";
        String textOf = modelId;
        for (int offset = 0; offset <= ownClaimOffset; offset++) {
            Delivery delivery = seen.accept(offset, partition.log.get(offset));
            if (delivery instanceof Accepted accepted) {
                claimedBy = accepted.claim().modelId();
            } else if (delivery instanceof Text) {
                textOf = claimedBy;
            } else if (delivery instanceof StartedOver) {
                textOf = modelId;
            }
        }
        continueFrom(seen, textOf);
    }

    private void continueFrom(ReplyStream seen, String textOf) {
        if (seen.ended()) {
            partition.commit(number);
            phase = Phase.IDLE;
        } else if (!seen.currentWriter().equals(session)) {
            claimAgain(seen.currentWriter().epoch());
        } else {
            next = seen.nextIndex();
            phase = Phase.GENERATING;
            if (next > 0 && !textOf.equals(modelId)) {
                restart();
            }
        }
    }

    /** The first tokens wait until it is acknowledged: were it lost, tokens behind it could fit the other text. */
    private void restart() {
        inFlight.add(Events.restarted(session));
        next = 0;
        phase = Phase.AWAITING_RESTART;
    }

    /** The terminal waits until all before it is acknowledged: a reader counts it whatever the index. */
    private void generate(int chunkTokens) {
        if (next == LENGTH) {
            if (inFlight.isEmpty()) {
                finish(FinishReason.STOP);
            }
            return;
        }
        Integer[] ids = new Integer[Math.min(chunkTokens, LENGTH - next)];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = token(modelId, next + i);
        }
        inFlight.add(Events.tokens(session, next, ids));
        inFlight.add(Events.progress(session));
        next += ids.length;
    }

    private void finish(FinishReason reason) {
        inFlight.add(Events.finished(session, reason));
        phase = Phase.AWAITING_TERMINAL;
    }

    /** The oldest send is appended and acknowledged. */
    void land() {
        ReplyEvent event = inFlight.poll();
        if (event == null) {
            return;
        }
        long offset = partition.append(event);
        if (isOfThisSession(event)) {
            onAcknowledged(event, offset);
        }
    }

    private void onAcknowledged(ReplyEvent event, long offset) {
        if (phase == Phase.AWAITING_CLAIM && event.getBody() instanceof Claimed) {
            ownClaimOffset = offset;
            phase = Phase.READING_BACK;
        } else if (phase == Phase.AWAITING_RESTART && event.getBody() instanceof Restarted) {
            phase = Phase.GENERATING;
        } else if (phase == Phase.AWAITING_TERMINAL && event.getBody() instanceof Finished) {
            partition.commit(number);
            phase = Phase.IDLE;
        }
    }

    /** The oldest send is reported as failed. Those behind it are not called back. */
    void fail() {
        @Nullable ReplyEvent event = inFlight.poll();
        if (event != null) {
            partition.limbo.add(event);
            sendFailed |= isOfThisSession(event);
        }
    }

    private boolean isOfThisSession(ReplyEvent event) {
        return event.getEpoch() == session.epoch() && event.getNonce() == session.nonce();
    }
}
