/**
 * Prompts and cancellations to Kafka, reply events and heartbeats of workers from Kafka.
 *
 * <p>Two threads, however many clients there are: the <em>send thread</em> ({@link
 * dev.millrace.gateway.kafka.PromptProducer}) owns the producer, the <em>poll thread</em> ({@link
 * dev.millrace.gateway.kafka.ReplyConsumer}) the consumer. Neither waits for a client. Imports {@code schemas} alone.
 */
@NullMarked
package dev.millrace.gateway.kafka;

import org.jspecify.annotations.NullMarked;
