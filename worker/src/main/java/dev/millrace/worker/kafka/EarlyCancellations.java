package dev.millrace.worker.kafka;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;

/**
 * Cancellations that came before their prompts. Most never get one, since they are of prompts that have ended, so only
 * the newest are kept. Owned by the delivery context.
 */
final class EarlyCancellations {
    private static final int MOST = 10_000;

    private final Set<UUID> promptIds = new LinkedHashSet<>();

    void add(UUID promptId) {
        promptIds.add(promptId);
        if (promptIds.size() > MOST) {
            promptIds.remove(promptIds.iterator().next());
        }
    }

    /** Whether this prompt has been cancelled already. */
    boolean take(UUID promptId) {
        return promptIds.remove(promptId);
    }
}
