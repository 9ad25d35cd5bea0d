package dev.millrace.schemas.protocol;

import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/** What a worker sends to the reply partition about the one prompt of the model. */
sealed interface Event {
    UUID PROMPT_ID = new UUID(1, 1);
    /** Tokens of one model have ids that no other model's have, and that tell their index. */
    int MODEL_IDS = 100;

    Writer writer();

    /** The body of the real event. */
    Object body();

    default String under() {
        return " under claim " + writer().epoch() + "/" + writer().nonce();
    }

    default ReplyEvent asReplyEvent() {
        return new ReplyEvent(PROMPT_ID, writer().epoch(), writer().nonce(), body());
    }

    record Claimed(Writer writer, int source, int model) implements Event {
        @Override
        public Object body() {
            return new dev.millrace.schemas.event.Claimed("worker", String.valueOf(model), source);
        }

        @Override
        public String toString() {
            return "claim " + writer.epoch() + "/" + writer.nonce();
        }
    }

    record Restarted(Writer writer) implements Event {
        @Override
        public Object body() {
            return new dev.millrace.schemas.event.Restarted("model_changed");
        }

        @Override
        public String toString() {
            return "Restarted" + under();
        }
    }

    record Tokens(Writer writer, int model, int first, int count) implements Event {
        @Override
        public Object body() {
            List<Integer> ids = IntStream.range(first, first + count)
                    .mapToObj(index -> model * MODEL_IDS + index)
                    .toList();
            return new dev.millrace.schemas.event.Tokens(first, ids, "", null);
        }

        @Override
        public String toString() {
            return "tokens " + first + (count == 1 ? "" : "-" + (first + count - 1)) + " of model " + model + under();
        }
    }

    /**
     * A terminal.
     *
     * @param reason {@code STOP} at the end of the text, {@code ERROR} where the history was lost
     * @param tokens how many tokens its writer takes the text to have
     */
    record Finished(Writer writer, FinishReason reason, int tokens) implements Event {
        @Override
        public Object body() {
            return new dev.millrace.schemas.event.Finished(
                    reason, "", new Usage(0, tokens, 0, 0), new Timings(0.0, 0.0, 0.0), null);
        }

        @Override
        public String toString() {
            return reason + " after " + tokens + " tokens" + under();
        }
    }
}
