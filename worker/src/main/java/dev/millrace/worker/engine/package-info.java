/**
 * From prompt to text: which completions run, what each step of the device holds, and what of it can be said.
 *
 * <p>One {@link dev.millrace.worker.engine.Engine} for each device; its thread owns everything here. Other threads
 * submit and drop completions through a bounded queue and hear of tokens on the engine's thread. Imports
 * {@code grammar}, {@code llama} and the event types of {@code schemas}; knows nothing of Kafka.
 */
@NullMarked
package dev.millrace.worker.engine;

import org.jspecify.annotations.NullMarked;
