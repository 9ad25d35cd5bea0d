package dev.millrace.gateway;

import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Restarted;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What a worker would write about one prompt. */
public record ReplyEvents(UUID promptId, Writer writer) {
    public ReplyEvent claimed() {
        return event(new Claimed("worker-" + writer.nonce(), "model", 0));
    }

    public ReplyEvent queued(int position) {
        return event(new Progress(position, 0, 0));
    }

    public ReplyEvent prefilled(int tokens, int of) {
        return event(new Progress(null, tokens, of));
    }

    /** So many tokens that make this text together. */
    public ReplyEvent tokens(int firstIndex, int count, String text) {
        List<Integer> ids =
                IntStream.range(firstIndex, firstIndex + count).boxed().toList();
        return event(new Tokens(firstIndex, ids, text, null));
    }

    public ReplyEvent restarted() {
        return event(new Restarted("model_changed"));
    }

    public ReplyEvent finished(FinishReason reason, String text) {
        return finished(reason, text, null);
    }

    public ReplyEvent failed(Failure failure) {
        return finished(FinishReason.ERROR, "", failure);
    }

    private ReplyEvent finished(FinishReason reason, String text, @Nullable Failure failure) {
        return event(new Finished(reason, text, new Usage(7, 3, 2, 1), new Timings(1.5, 2.5, 3.5), failure));
    }

    private ReplyEvent event(Object body) {
        return new ReplyEvent(promptId, writer.epoch(), writer.nonce(), body);
    }
}
