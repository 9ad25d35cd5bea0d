package dev.millrace.gateway.session;

import dev.millrace.gateway.kafka.PromptProducer;
import dev.millrace.gateway.kafka.ReplyConsumer;

/** What all sessions of a gateway share. */
public record Exchange(PromptProducer prompts, ReplyConsumer replies, SessionLimits limits, SessionMetrics metrics) {}
