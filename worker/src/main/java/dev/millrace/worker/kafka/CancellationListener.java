package dev.millrace.worker.kafka;

import java.util.UUID;

/** Hears of cancellations, on the control thread: must not block. */
@FunctionalInterface
interface CancellationListener {
    void onCancellation(UUID promptId);
}
