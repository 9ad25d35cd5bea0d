package dev.millrace.gateway.dialect;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where a response's log begins, and what its events say besides: all that a gateway which has never heard of a response
 * needs to go on with it. Immutable.
 *
 * @param promptId what its events call it
 * @param partition of the reply topic
 * @param offset nothing of the answer stands before it
 * @param conversation the key of a cancellation
 * @param model that the client asked for; null: any
 * @param background it goes on without its clients
 * @param stored its turn is kept
 */
public record ResumePoint(
        UUID promptId,
        int partition,
        long offset,
        Instant createdAt,
        String conversation,
        @Nullable String model,
        boolean background,
        boolean stored) {}
