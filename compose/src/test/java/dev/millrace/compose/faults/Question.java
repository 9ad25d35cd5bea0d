package dev.millrace.compose.faults;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.Sampling;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What to ask and what must come back.
 *
 * @param answers one for each model that may answer; a reply has to equal one of them from its first token to its last
 */
record Question(List<Message> messages, Sampling sampling, List<Answer> answers) {

    Question answered(List<Answer> known) {
        return new Question(messages, sampling, known);
    }

    /** In a conversation of its own. */
    Prompt prompt(UUID id, @Nullable ReplyAddress replyTo) {
        return Prompt.newBuilder()
                .setId(id)
                .setConversation("faults-" + id)
                .setMessages(messages)
                .setSampling(sampling)
                .setReplyTo(replyTo)
                .build();
    }
}
