package dev.millrace.process;

import io.vertx.core.Future;

/** What a process runs once it has started. Any thread. */
public interface Service {
    /** In one line for the log: what it is, and where it listens. */
    String description();

    /** Fails when the service was given up: it is of no use any more and shall be replaced. Never succeeds. */
    Future<Void> failed();

    /** Hands over what it does and ends. */
    Future<Void> close();
}
