/**
 * The worker process: its configuration and how its parts are put together. {@link dev.millrace.worker.WorkerMain}
 * starts a {@link dev.millrace.worker.Worker}, which deploys one {@link dev.millrace.worker.GpuVerticle} for each
 * device; there the path of a prompt is built in its own order: {@code kafka}, {@code engine}, {@code llama}.
 */
@NullMarked
package dev.millrace.worker;

import org.jspecify.annotations.NullMarked;
