package dev.millrace.worker.kafka;

import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Whether a place can be answered at now. A topic that was there at the start may be deleted or forbidden later, and a
 * producer would wait for it, and all other prompts with it: so Kafka is asked before a prompt's claim is sent there.
 *
 * <p>A place is given up when every answer for {@value #GRACE_MS} ms was that it is missing. As long as it stays so,
 * prompts that name it are refused by one answer each. Owned by the delivery context.
 */
final class ReplyPlaceCheck {
    /** Time for a topic to be made anew, and for brokers to agree on what there is. */
    static final long GRACE_MS = 10_000;

    private static final Set<AclOperation> NEEDED = Set.of(AclOperation.READ, AclOperation.WRITE);

    /** When a place was first and last found missing, without being found in between. */
    private record Absence(long sinceMs, long seenMs) {}

    private final Context context;
    private final Function<String, CompletionStage<TopicDescription>> topics;
    private final LongSupplier clockMs;
    private final Map<TopicPartition, Absence> absences = new HashMap<>();

    /**
     * @param topics asks Kafka, with the operations that this worker may do there
     * @param clockMs milliseconds, never going back
     */
    ReplyPlaceCheck(Context context, Function<String, CompletionStage<TopicDescription>> topics, LongSupplier clockMs) {
        this.context = context;
        this.topics = topics;
        this.clockMs = clockMs;
    }

    /**
     * Asks once. Fails with {@link UnknownReplyPlaceException} when the place is given up, with anything else when it
     * is to be asked again: Kafka does not answer, or the place has not been missing for long.
     */
    Future<Void> check(TopicPartition place) {
        return Future.fromCompletionStage(topics.apply(place.topic()), context)
                .transform(asked -> judge(
                        place,
                        asked.succeeded() ? missing(place, asked.result()) : missing(unwrapped(asked.cause())),
                        asked.cause()));
    }

    private Future<Void> judge(TopicPartition place, @Nullable String missing, @Nullable Throwable noAnswer) {
        if (missing == null && noAnswer != null) {
            return Future.failedFuture(noAnswer);
        }
        if (missing == null) {
            absences.remove(place);
            return Future.succeededFuture();
        }
        String reason = place + " cannot be answered at: " + missing;
        return Future.failedFuture(
                missingMs(place) >= GRACE_MS
                        ? new UnknownReplyPlaceException(reason)
                        : new UnknownTopicOrPartitionException(reason));
    }

    /** Nobody asks about an idle place, so what is found after a pause begins anew. */
    private long missingMs(TopicPartition place) {
        long nowMs = clockMs.getAsLong();
        absences.values().removeIf(absence -> nowMs - absence.seenMs() > GRACE_MS);
        Absence before = absences.get(place);
        long sinceMs = before == null ? nowMs : before.sinceMs();
        absences.put(place, new Absence(sinceMs, nowMs));
        return nowMs - sinceMs;
    }

    private static @Nullable String missing(TopicPartition place, TopicDescription topic) {
        if (place.partition() >= topic.partitions().size()) {
            return "the topic has only " + topic.partitions().size() + " partitions";
        }
        Set<AclOperation> allowed = topic.authorizedOperations();
        return allowed == null || allowed.containsAll(NEEDED) ? null : "this worker may not read and write there";
    }

    /** Null where the failure says nothing about the topic. */
    private static @Nullable String missing(Throwable failure) {
        if (failure instanceof UnknownTopicOrPartitionException || failure instanceof InvalidTopicException) {
            return "the topic does not exist";
        }
        return failure instanceof TopicAuthorizationException ? "this worker may not see the topic" : null;
    }

    private static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
