/**
 * From Kafka and back: every token of every prompt once, whatever dies.
 *
 * <p>Five threads, each with its own objects. The <em>poll thread</em> ({@link
 * dev.millrace.worker.kafka.PromptConsumer}) owns the consumer, the sessions of its partitions and all commits. The
 * <em>delivery context</em>, a Vert.x event loop, owns {@link dev.millrace.worker.kafka.Intake} and one {@link
 * dev.millrace.worker.kafka.PromptRun} for each prompt. The <em>send thread</em> ({@link
 * dev.millrace.worker.kafka.ChunkProducer}) and the <em>read-back thread</em> ({@link
 * dev.millrace.worker.kafka.ReplyLogReader}) do what may block; the <em>control thread</em> ({@link
 * dev.millrace.worker.kafka.ControlReader}) reads cancellations. They talk through queues, tasks on the context and
 * futures. Imports {@code engine} and {@code schemas}.
 */
@NullMarked
package dev.millrace.worker.kafka;

import org.jspecify.annotations.NullMarked;
