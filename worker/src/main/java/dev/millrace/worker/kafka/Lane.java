package dev.millrace.worker.kafka;

import dev.millrace.schemas.Topics;
import dev.millrace.worker.engine.Engine;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.concurrent.CompletionStage;

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
        DeliveryMetrics metrics) {

    String modelId() {
        return preparation.modelId();
    }

    /** The same outcome, heard of on the delivery context. */
    <T> Future<T> onContext(CompletionStage<T> stage) {
        return Future.fromCompletionStage(stage, context);
    }
}
