package dev.millrace.compose.bench;

import dev.millrace.schemas.event.Message;

/** A way to an answer. */
interface FirstText {

    /** Asks, greedily and for a few tokens. Blocks to the answer's end; nanoseconds from asking to the first text. */
    long ask(Message message) throws Exception;
}
