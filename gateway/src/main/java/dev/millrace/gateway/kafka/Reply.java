package dev.millrace.gateway.kafka;

import dev.millrace.schemas.event.ReplyEvent;

/**
 * One event of a reply partition.
 *
 * @param offset its place there
 */
public record Reply(long offset, ReplyEvent event) {}
