package dev.millrace.gateway.session;

import java.util.function.Consumer;

/**
 * How a client wants a response told.
 *
 * @param serverSent its events are for HTTP
 * @param whole without events, when it has ended
 * @param onTold there is nothing more to tell
 */
record Telling(boolean serverSent, boolean whole, Consumer<ResponseRun> onTold) {
    static final Telling FRAMES = new Telling(false, false, run -> {});
}
