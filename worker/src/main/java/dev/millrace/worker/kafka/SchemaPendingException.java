package dev.millrace.worker.kafka;

import java.util.concurrent.CompletableFuture;

/** The schema of a record is being asked for: read the record again later. */
final class SchemaPendingException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient CompletableFuture<?> asked;

    /** @param asked done, in whatever way, when it is worth another look */
    SchemaPendingException(CompletableFuture<?> asked) {
        super("the record's schema is being asked for");
        this.asked = asked;
    }

    CompletableFuture<?> asked() {
        return asked;
    }
}
