package dev.millrace.worker.kafka;

import dev.millrace.process.StartFailure;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.worker.engine.Engine;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;

/**
 * What all prompts of one device share.
 *
 * @param context the delivery context: an event loop that owns every run
 * @param workerId unique for each device of each process
 * @param broken fails with a {@link StartFailure} when the worker cannot go on and its operator must act
 */
record Lane(
        Context context,
        String workerId,
        Topics topics,
        ReplyPlace.Directory replyPlaces,
        PromptPreparation preparation,
        Engine engine,
        RecordSender sender,
        HistoryReader reader,
        PartitionFollower controls,
        ReplyPlaceCheck placeCheck,
        DeliveryMetrics metrics,
        CompletableFuture<Void> broken) {

    /**
     * Where a prompt does not say where its answer may begin, reading back starts this long before its append: a
     * second copy of it, sent by a producer that tried again, comes within Kafka's default delivery timeout of two
     * minutes, and the brokers' clocks are taken to be within half a minute of each other. A cancellation that comes
     * before its prompt is looked for as far back.
     */
    static final long READ_BACK_MARGIN_MS = TimeUnit.SECONDS.toMillis(150);

    /** By what this prompt is answered here. */
    String modelId(Prompt prompt) {
        return preparation.modelId(prompt);
    }

    /** The same outcome, heard of on the delivery context. */
    <T> Future<T> onContext(CompletionStage<T> stage) {
        return Future.fromCompletionStage(stage, context);
    }

    /**
     * A send to one of the worker's own topics failed. Without that topic there is nothing that it could do, and a
     * start makes sure of it: so the worker ends when the topic is gone.
     */
    void suspect(TopicPartition own) {
        placeCheck.check(own).onFailure(failure -> {
            if (failure instanceof UnknownReplyPlaceException) {
                broken.completeExceptionally(new StartFailure(
                        "own_topic_gone: " + failure.getMessage() + ". A start creates what is missing", failure));
            }
        });
    }
}
