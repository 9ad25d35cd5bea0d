package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.worker.engine.ErrorCode;
import dev.millrace.worker.engine.PromptRefusedException;
import io.vertx.core.Future;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes whole answers to {@code completions}. One that is larger than the topic takes would be refused each time: it
 * is replaced by a completion without text that ends with {@code answer_too_large}, and where even that is too large
 * the prompt goes to the dead letters. The answer itself stands in the reply log. Owned by the delivery context.
 */
final class WholeAnswers {
    private static final Logger LOG = LoggerFactory.getLogger(WholeAnswers.class);

    private final Lane lane;

    WholeAnswers(Lane lane) {
        this.lane = lane;
    }

    /** One try. Completes when the answer, or what replaces it, is safe; fails when it is to be tried again. */
    Future<?> write(IncomingPrompt incoming, Completion completion) {
        return unlessTooLarge(append(incoming, completion), () -> replace(incoming, completion));
    }

    private Future<?> replace(IncomingPrompt incoming, Completion completion) {
        PromptRefusedException reason = new PromptRefusedException(
                ErrorCode.ANSWER_TOO_LARGE,
                null,
                "the whole answer has " + completion.getText().length()
                        + " characters, more than the topic takes; it stands in the reply topic");
        LOG.warn("Prompt {}: {}", completion.getPromptId(), reason.getMessage());
        Completion withoutText = Completion.newBuilder(completion)
                .setText("")
                .setReason(FinishReason.ERROR)
                .setError(reason.failure())
                .build();
        return unlessTooLarge(append(incoming, withoutText), () -> bury(incoming, reason))
                .onSuccess(v -> lane.metrics().onAnswerLeftOut());
    }

    private Future<Void> bury(IncomingPrompt incoming, PromptRefusedException reason) {
        lane.metrics().onDeadLetter();
        return new DeadLetters(lane).bury(incoming.record(), ErrorCode.ANSWER_TOO_LARGE.code(), reason);
    }

    private Future<Long> append(IncomingPrompt incoming, Completion completion) {
        String topic = lane.topics().completions();
        return lane.onContext(lane.sender()
                        .send(incoming.decoded()
                                .form()
                                .record(topic, null, completion.getPromptId(), EventCodec.COMPLETION, completion)))
                .onFailure(failure -> lane.suspect(new TopicPartition(topic, 0)));
    }

    private static Future<?> unlessTooLarge(Future<Long> appended, Supplier<Future<?>> instead) {
        return appended.<Object>map(offset -> offset)
                .recover(failure -> failure instanceof RecordTooLargeException
                        ? instead.get().map(v -> v)
                        : Future.failedFuture(failure));
    }
}
