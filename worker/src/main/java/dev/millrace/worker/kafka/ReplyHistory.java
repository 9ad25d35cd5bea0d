package dev.millrace.worker.kafka;

import dev.millrace.schemas.Claim;
import dev.millrace.schemas.Cursor;
import dev.millrace.schemas.Delivery;
import dev.millrace.schemas.ReplyStream;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.ReplyEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What the reply log says of one prompt, up to a claim of one's own: what every reader that comes this far has seen.
 * Owned by the read-back thread until it is handed over.
 */
final class ReplyHistory {
    private final ReplyStream stream;
    private final List<Integer> ids = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final boolean lost;
    private @Nullable String textModelId;
    private @Nullable Finished finished;

    /** Nothing has been read yet. */
    ReplyHistory(TopicPartition place, UUID promptId, long from) {
        this(place, promptId, from, false);
    }

    private ReplyHistory(TopicPartition place, UUID promptId, long from, boolean lost) {
        this.stream = ReplyStream.resume(Cursor.start(place.topic(), place.partition(), promptId, from));
        this.lost = lost;
    }

    /** The log begins after the point to read from: what stood there is unknown. */
    static ReplyHistory lost(TopicPartition place, UUID promptId, long logStart) {
        return new ReplyHistory(place, promptId, logStart, true);
    }

    void accept(long offset, ReplyEvent event) {
        Delivery delivery = stream.accept(offset, event);
        if (delivery instanceof Delivery.Text tokens) {
            ids.addAll(tokens.ids());
            text.append(tokens.text());
            Claim claim = stream.currentClaim();
            textModelId = claim == null ? null : claim.modelId();
        } else if (delivery instanceof Delivery.StartedOver) {
            ids.clear();
            text.setLength(0);
            textModelId = null;
        } else if (delivery instanceof Delivery.Ended end) {
            finished = end.finished();
        }
    }

    boolean lost() {
        return lost;
    }

    /** The claim that counts; null where there is none. */
    @Nullable
    Claim currentClaim() {
        return stream.currentClaim();
    }

    /** The terminal that counts; null where there is none. */
    @Nullable
    Finished finished() {
        return finished;
    }

    /** Token ids of the completion so far. */
    List<Integer> ids() {
        return ids;
    }

    /** The text that these released. */
    String text() {
        return text.toString();
    }

    /** Whether this model may go on where the ids end; true as well where there are none. */
    boolean continuableBy(String modelId) {
        return textModelId == null || textModelId.equals(modelId);
    }
}
