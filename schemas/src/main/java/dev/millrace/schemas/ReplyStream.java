package dev.millrace.schemas;

import dev.millrace.schemas.Delivery.Ignored;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Restarted;
import dev.millrace.schemas.event.Tokens;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The reading rule: which of the events in a reply partition are one prompt's answer. Every reader, workers included,
 * applies this same rule to the same log, and so all see the same answer, whatever died while it was written.
 *
 * <pre>
 * on Claimed:   if (epoch, nonce) &gt; current: current = (epoch, nonce)
 * else if ended or (epoch, nonce) != current: ignore
 * on Restarted: next = 0; text = ""
 * on Tokens:    if firstIndex != next: ignore
 *               deliver; next += ids.length
 * on Finished:  deliver; ended = true
 * </pre>
 *
 * <ul>
 *   <li>Only a <em>greater</em> claim changes the writer. A worker that lost its partition may not know it yet and
 *       claim late; the one that took over has the higher epoch, and keeps the prompt. The nonce decides between
 *       sessions that drew the same epoch: arbitrarily, but for all readers alike.
 *   <li>Only the current writer's events count. A zombie goes on writing under its old claim, and a send that was
 *       given up as failed may land long after: both come from a writer that a later claim has superseded.
 *   <li>Tokens count only at the next index. When a send is lost, those that the same writer had already sent behind
 *       it still land; they wait for nobody, since the writer claims again and continues from what counts.
 *   <li>Nothing counts after the terminal. A worker that takes over a prompt whose events are partly gone from the log
 *       ends it with history_lost, and cannot know whether it had ended before.
 * </ul>
 *
 * <p>Restarted and Finished count whatever the index, so the rule asks one thing of a writer: nothing goes behind a
 * Restarted, and no Finished goes behind anything, before the acknowledgement. Were the Restarted lost, tokens behind it
 * could fit the text that it was to void; a Finished behind a lost chunk would end a text with a hole.
 *
 * <p>The rule holds for a reader that starts at or before the first claim, or goes on from a {@link Cursor}. Events are
 * delivered whole, so a cursor never points into one: an event is before the cursor's offset, or its tokens begin at
 * the cursor's index or are recognised by their index as delivered. Offsets come in ascending order; one that was seen
 * before is ignored, so that a consumer which serves many streams may rewind for one of them.
 *
 * <p>Owned by one thread of its caller; not synchronised.
 */
public final class ReplyStream {
    private final String topic;
    private final int partition;
    private final UUID promptId;
    private long offset;
    private long epoch;
    private long nonce;
    private int next;
    private boolean ended;
    private @Nullable Claim claim;

    /** Reads the partition from its beginning. To begin later, resume from {@link Cursor#start}. */
    public ReplyStream(String topic, int partition, UUID promptId) {
        this(Cursor.start(topic, partition, promptId, 0));
    }

    private ReplyStream(Cursor cursor) {
        topic = cursor.topic();
        partition = cursor.partition();
        promptId = cursor.promptId();
        offset = cursor.offset();
        epoch = cursor.epoch();
        nonce = cursor.nonce();
        next = cursor.next();
        ended = cursor.ended();
    }

    /** Goes on where the cursor was taken. */
    public static ReplyStream resume(Cursor cursor) {
        return new ReplyStream(cursor);
    }

    /**
     * Applies the rule to the next event of the partition, of whichever prompt.
     *
     * @param eventOffset the record's offset
     */
    public Delivery accept(long eventOffset, ReplyEvent event) {
        if (eventOffset < offset) {
            return Ignored.IGNORED;
        }
        offset = eventOffset + 1;
        if (!promptId.equals(event.getPromptId())) {
            return Ignored.IGNORED;
        }
        if (event.getBody() instanceof Claimed claimed) {
            return onClaimed(event, claimed);
        }
        if (ended || !fromCurrentWriter(event)) {
            return Ignored.IGNORED;
        }
        return onCounted(event.getBody());
    }

    private Delivery onClaimed(ReplyEvent event, Claimed claimed) {
        if (!supersedes(event)) {
            return Ignored.IGNORED;
        }
        epoch = event.getEpoch();
        nonce = event.getNonce();
        claim = new Claim(epoch, nonce, claimed.getWorkerId(), claimed.getModelId(), claimed.getSourcePartition());
        return ended ? Ignored.IGNORED : new Delivery.Accepted(claim);
    }

    private boolean supersedes(ReplyEvent event) {
        return event.getEpoch() > epoch || (event.getEpoch() == epoch && event.getNonce() > nonce);
    }

    private boolean fromCurrentWriter(ReplyEvent event) {
        return event.getEpoch() == epoch && event.getNonce() == nonce && claimedByAnyone();
    }

    private boolean claimedByAnyone() {
        return epoch != Writer.NONE.epoch() || nonce != Writer.NONE.nonce();
    }

    private Delivery onCounted(Object body) {
        if (body instanceof Tokens tokens) {
            return onTokens(tokens);
        } else if (body instanceof Finished finished) {
            ended = true;
            return new Delivery.Ended(finished);
        } else if (body instanceof Restarted restarted) {
            next = 0;
            return new Delivery.StartedOver(restarted.getReason());
        } else if (body instanceof Progress progress) {
            return new Delivery.Progressed(progress);
        }
        return Ignored.IGNORED;
    }

    private Delivery onTokens(Tokens tokens) {
        int firstIndex = tokens.getFirstIndex();
        if (firstIndex != next) {
            return Ignored.IGNORED;
        }
        next += tokens.getIds().size();
        return new Delivery.Text(firstIndex, tokens.getIds(), tokens.getText(), tokens.getLogprobs());
    }

    /** Whose events count; {@link Writer#NONE} before the first claim. Known after a resume too. */
    public Writer currentWriter() {
        return new Writer(epoch, nonce);
    }

    /** The claim of the current writer; null before the first claim, and after a resume until another one comes. */
    public @Nullable Claim currentClaim() {
        return claim;
    }

    /** The index of the next token that counts. */
    public int nextIndex() {
        return next;
    }

    /** Whether the terminal has been delivered. */
    public boolean ended() {
        return ended;
    }

    /** Where another reader can go on: after the last accepted event. */
    public Cursor cursor() {
        return new Cursor(topic, partition, promptId, offset, epoch, nonce, next, ended);
    }
}
