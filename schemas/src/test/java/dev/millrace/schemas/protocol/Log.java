package dev.millrace.schemas.protocol;

import dev.millrace.schemas.Claim;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The reply partition, by what it has told its readers: the rule makes of a log one thing, whoever reads it. The reader
 * is the real one, resumed from its own cursor at every event.
 *
 * @param cursor of the reader after the last event; its offset is not counted
 * @param source the prompts partition of the current claim
 * @param model of the current claim
 * @param textModel whose text has been shown; 0: there is none
 * @param ended whether a terminal has been shown
 * @param broken what a reader was shown that it should not have been; null: nothing
 */
record Log(
        Cursor cursor,
        int source,
        int model,
        int textModel,
        boolean ended,
        @Nullable String broken) {
    /** Tokens in every completion. */
    static final int LENGTH = 2;

    static final Log EMPTY = new Log(Cursor.start("replies", 0, Event.PROMPT_ID, 0), 0, 0, 0, false, null);

    int next() {
        return cursor.next();
    }

    long epoch() {
        return cursor.epoch();
    }

    boolean isCurrent(Writer writer, Set<Rule> without) {
        return cursor.writer().equals(asCompared(writer, without));
    }

    Log append(Event event, Set<Rule> without) {
        ReplyEvent seen = seen(event, without);
        ReplyStream reader = ReplyStream.resume(seenFrom(event, without));
        Delivery delivery = reader.accept(0, seen);
        Cursor after = reader.cursor();
        Cursor moved = new Cursor(
                after.topic(),
                after.partition(),
                after.promptId(),
                0,
                after.epoch(),
                after.nonce(),
                after.next(),
                after.ended());
        Claim claim = reader.currentClaim();
        return new Log(
                moved,
                claim == null ? source : claim.sourcePartition(),
                claim == null ? model : Integer.parseInt(claim.modelId()),
                textModel(delivery),
                ended || delivery instanceof Delivery.Ended,
                judge(delivery));
    }

    /** A reader that lacks a rule is the real one, deceived about what the rule looks at. */
    private ReplyEvent seen(Event event, Set<Rule> without) {
        ReplyEvent seen = event.asReplyEvent();
        seen.setNonce(asCompared(event.writer(), without).nonce());
        boolean claim = event instanceof Event.Claimed;
        if (!claim && without.contains(Rule.READER_KNOWS_WRITER)) {
            seen.setEpoch(cursor.epoch());
            seen.setNonce(cursor.nonce());
        }
        if (seen.getBody() instanceof Tokens tokens && without.contains(Rule.READER_COMPARES_INDEX)) {
            tokens.setFirstIndex(cursor.next());
        }
        return seen;
    }

    private Cursor seenFrom(Event event, Set<Rule> without) {
        boolean anyClaim = event instanceof Event.Claimed && without.contains(Rule.READER_COMPARES_EPOCHS);
        Writer current = anyClaim ? Writer.NONE : cursor.writer();
        boolean over = cursor.ended() && !without.contains(Rule.READER_ENDS);
        return new Cursor(
                cursor.topic(),
                cursor.partition(),
                cursor.promptId(),
                0,
                current.epoch(),
                current.nonce(),
                cursor.next(),
                over);
    }

    private static Writer asCompared(Writer writer, Set<Rule> without) {
        return without.contains(Rule.READER_COMPARES_NONCES) ? new Writer(writer.epoch(), 0) : writer;
    }

    private int textModel(Delivery delivery) {
        if (delivery instanceof Delivery.Text text) {
            return text.ids().get(0) / Event.MODEL_IDS;
        }
        return delivery instanceof Delivery.StartedOver ? 0 : textModel;
    }

    private @Nullable String judge(Delivery delivery) {
        boolean counts = !(delivery instanceof Delivery.Ignored) && !(delivery instanceof Delivery.Accepted);
        if (ended && counts) {
            return "something counts after the terminal";
        } else if (delivery instanceof Delivery.Text text) {
            return judge(text.ids());
        } else if (delivery instanceof Delivery.Ended end) {
            return judge(end.finished());
        }
        return null;
    }

    private @Nullable String judge(List<Integer> ids) {
        for (int i = 0; i < ids.size(); i++) {
            if (ids.get(i) % Event.MODEL_IDS != next() + i) {
                return "an index is shown twice, or one is left out";
            }
        }
        boolean joined = textModel != 0 && textModel != ids.get(0) / Event.MODEL_IDS;
        return joined ? "one model's text is joined to another's" : null;
    }

    private @Nullable String judge(Finished finished) {
        if (finished.getReason() == FinishReason.ERROR) {
            return null;
        } else if (finished.getReason() == FinishReason.STOP && next() != LENGTH) {
            return "the text is not whole at its end";
        }
        return finished.getUsage().getCompletionTokens() == next()
                ? null
                : "its writer ends a text that readers have not been shown";
    }
}
