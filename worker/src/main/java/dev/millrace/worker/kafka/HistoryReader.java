package dev.millrace.worker.kafka;

import java.util.concurrent.CompletableFuture;

/** Reads back what the reply log says of a prompt. Any thread; never blocks. */
@FunctionalInterface
interface HistoryReader {
    /** The history up to the own claim; completed on a thread that must not be held up. */
    CompletableFuture<ReplyHistory> read(ReadBack request);
}
