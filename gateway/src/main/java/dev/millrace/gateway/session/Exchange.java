package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ModelList;
import dev.millrace.gateway.kafka.CatchUp;
import dev.millrace.gateway.kafka.Conversations;
import dev.millrace.gateway.kafka.PromptProducer;
import dev.millrace.gateway.kafka.ReplyConsumer;

/**
 * What all sessions of a gateway share.
 *
 * @param replyTopic where all answers go
 */
public record Exchange(
        PromptProducer prompts,
        ReplyConsumer replies,
        CatchUp catchUp,
        Conversations conversations,
        CursorSeal cursors,
        String replyTopic,
        SessionLimits limits,
        SessionMetrics metrics,
        ModelList models) {}
