/**
 * llama.cpp behind a few small classes: load the library, look into a model file, open the model, turn text into
 * tokens, decode batches and sample from them.
 *
 * <p>Owns every native object of the process and the C++ beside it in {@code src/main/native}. What to decode, for
 * whom and when is decided elsewhere; nothing in here knows a prompt, a deadline or a Kafka record.
 *
 * <p>Threads: {@link dev.millrace.worker.llama.Decoder} and {@link dev.millrace.worker.llama.Batch} belong to the one
 * thread that drives the device, {@link dev.millrace.worker.llama.Tokenizer} and
 * {@link dev.millrace.worker.llama.Vocabulary} to everybody.
 *
 * <p>Imports the JDK only.
 */
@NullMarked
package dev.millrace.worker.llama;

import org.jspecify.annotations.NullMarked;
