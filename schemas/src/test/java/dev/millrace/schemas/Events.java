package dev.millrace.schemas;

import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Progress;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Restarted;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import dev.millrace.schemas.event.WorkerStatus;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/** Events for tests, with whatever a test does not care about filled in. */
final class Events {
    static final UUID PROMPT_ID = UUID.fromString("0b9e7c1a-57a4-4d0e-9d53-0d2f6a1f3c11");

    private Events() {}

    static ReplyEvent claimed(Writer writer, String modelId) {
        return reply(writer, new Claimed("worker-of-" + writer.epoch(), modelId, 0));
    }

    static ReplyEvent tokens(Writer writer, int firstIndex, Integer... ids) {
        String text = List.of(ids).stream().map(id -> id + " ").collect(Collectors.joining());
        return reply(writer, new Tokens(firstIndex, List.of(ids), text, null));
    }

    static ReplyEvent progress(Writer writer) {
        return reply(writer, new Progress(null, 3, 7));
    }

    static ReplyEvent restarted(Writer writer) {
        return reply(writer, new Restarted("model_changed"));
    }

    static ReplyEvent finished(Writer writer, FinishReason reason) {
        return reply(writer, new Finished(reason, "", new Usage(7, 3, 0, 0), new Timings(1.0, 2.0, 3.0), null));
    }

    static ReplyEvent reply(Writer writer, Object body) {
        return new ReplyEvent(PROMPT_ID, writer.epoch(), writer.nonce(), body);
    }

    static Prompt prompt(String content) {
        return Prompt.newBuilder()
                .setId(PROMPT_ID)
                .setConversation("conversation")
                .setMessages(List.of(new Message(Role.USER, content)))
                .build();
    }

    static Cancellation cancellation() {
        return new Cancellation(PROMPT_ID, "conversation", null);
    }

    static Completion completion(FinishReason reason) {
        return new Completion(
                PROMPT_ID,
                "conversation",
                "model",
                "text",
                reason,
                new Usage(7, 3, 0, 0),
                new Timings(1.0, 2.0, 3.0),
                null);
    }

    static WorkerStatus workerStatus() {
        return new WorkerStatus(
                "worker",
                Instant.ofEpochMilli(1_700_000_000_000L),
                "qwen",
                "model",
                "cpu",
                4096,
                4,
                1,
                2,
                8192,
                17,
                3.5f,
                List.of("brief"));
    }
}
