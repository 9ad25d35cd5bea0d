package dev.millrace.worker.kafka;

import dev.millrace.schemas.Topics;
import dev.millrace.worker.engine.Engine;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * What all prompts of one device share.
 *
 * @param context the delivery context: an event loop that owns every run
 * @param workerId unique for each device of each process
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
        DeliveryMetrics metrics) {

    /**
     * Where a prompt does not say where its answer may begin, reading back starts this long before its append: a
     * second copy of it, sent by a producer that tried again, comes within Kafka's default delivery timeout of two
     * minutes, and the brokers' clocks are taken to be within half a minute of each other. A cancellation that comes
     * before its prompt is looked for as far back.
     */
    static final long READ_BACK_MARGIN_MS = TimeUnit.SECONDS.toMillis(150);

    String modelId() {
        return preparation.modelId();
    }

    /** The same outcome, heard of on the delivery context. */
    <T> Future<T> onContext(CompletionStage<T> stage) {
        return Future.fromCompletionStage(stage, context);
    }
}
