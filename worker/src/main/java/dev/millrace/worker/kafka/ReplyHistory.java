package dev.millrace.worker.kafka;

import dev.millrace.schemas.Claim;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Tokens;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What the reply log says of one prompt, up to a claim of one's own: what every reader that comes this far has seen.
 * Owned by the read-back thread until it is handed over.
 */
final class ReplyHistory {
    /**
     * What readers have been told of a completion.
     *
     * @param ids token ids, from index 0
     * @param text what these released
     */
    record Said(List<Integer> ids, String text) {
        static final Said NOTHING = new Said(List.of(), "");
    }

    private final UUID promptId;
    private final ReplyStream stream;
    private final List<Integer> ids = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final EarlierSessions sessions;
    /** Whether the log has been cut where reading begins: what stood before may have been this prompt's. */
    private final boolean cut;

    private final Set<Writer> claimed = new HashSet<>();
    private boolean lost;
    private @Nullable String textModelId;
    private @Nullable Finished finished;
    private @Nullable String finishedModelId;

    /**
     * Nothing has been read yet.
     *
     * @param from where reading is to begin
     * @param logStart the first offset that the log still has; where it is above {@code from}, something is lost
     */
    ReplyHistory(TopicPartition place, UUID promptId, long from, long logStart) {
        this.promptId = promptId;
        this.stream =
                ReplyStream.resume(Cursor.start(place.topic(), place.partition(), promptId, Math.max(from, logStart)));
        this.sessions = new EarlierSessions(promptId);
        this.cut = logStart > 0 && from <= logStart;
        this.lost = from < logStart;
    }

    void accept(long offset, ReplyEvent event) {
        Delivery delivery = stream.accept(offset, event);
        sessions.accept(event, delivery);
        lost |= cut && event.getPromptId().equals(promptId) && speaksOfWhatIsGone(event, delivery);
        if (delivery instanceof Delivery.Text tokens) {
            ids.addAll(tokens.ids());
            text.append(tokens.text());
            textModelId = currentModelId();
        } else if (delivery instanceof Delivery.StartedOver) {
            ids.clear();
            text.setLength(0);
            textModelId = null;
        } else if (delivery instanceof Delivery.Ended end) {
            finished = end.finished();
            finishedModelId = currentModelId();
        }
    }

    /**
     * Before the first token that counts: text whose writer's claim is not there, or text of the current writer that
     * does not begin at index 0. (The latter looks the same where a prompt's first chunk was lost behind the cut.)
     */
    private boolean speaksOfWhatIsGone(ReplyEvent event, Delivery delivery) {
        Writer writer = new Writer(event.getEpoch(), event.getNonce());
        if (event.getBody() instanceof Claimed) {
            claimed.add(writer);
            return false;
        }
        if (event.getBody() instanceof Progress || delivery instanceof Delivery.Text || !ids.isEmpty()) {
            return false;
        }
        boolean skips = event.getBody() instanceof Tokens && writer.equals(stream.currentWriter());
        return skips || !claimed.contains(writer);
    }

    /** Whether the log begins after the point to read from, or can be seen to: what stood there is unknown. */
    boolean lost() {
        return lost;
    }

    /** Whether this writer's claim counts, nothing stands before it and nothing is missing: its answer is the first. */
    boolean saysNothing(Writer claimant) {
        return claimant.equals(stream.currentWriter()) && !lost && finished == null && ids.isEmpty() && !takenOver();
    }

    /** The claim that counts; null where there is none. */
    @Nullable
    Claim currentClaim() {
        return stream.currentClaim();
    }

    /** Whether another session than that of the current claim has had the prompt. */
    boolean takenOver() {
        return sessions.others(stream.currentWriter().nonce());
    }

    /** In how many crashes in a row the prompt was running without a new token; see {@link EarlierSessions}. */
    int crashes() {
        return sessions.crashes(stream.currentWriter().nonce());
    }

    /** The terminal that counts; null where there is none. */
    @Nullable
    Finished finished() {
        return finished;
    }

    /** Who wrote the terminal; null where there is none. */
    @Nullable
    String finishedModelId() {
        return finishedModelId;
    }

    Said said() {
        return new Said(ids, text.toString());
    }

    private @Nullable String currentModelId() {
        Claim claim = stream.currentClaim();
        return claim == null ? null : claim.modelId();
    }

    /** Whether this model may go on where the ids end; true as well where there are none. */
    boolean continuableBy(String modelId) {
        return textModelId == null || textModelId.equals(modelId);
    }
}
