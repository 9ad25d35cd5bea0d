package dev.millrace.gateway.kafka;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of what was said earlier may be on its way to one client: as in TCP, no more is sent than the window has room
 * for, until what was sent is taken. The log keeps the rest. One for all readings of a client, since it reads all of
 * them through one socket.
 *
 * <p>The catch-up thread adds, the client's event loop takes off; they meet in one number.
 */
public final class Window {
    private final long mostBytes;
    private final Runnable onOpen;
    private final AtomicLong bytes = new AtomicLong();

    /** @param onOpen called by whoever takes so much that there is room again */
    Window(long mostBytes, Runnable onOpen) {
        this.mostBytes = mostBytes;
        this.onOpen = onOpen;
    }

    /** Whether one more event may be handed over, whatever its size. */
    boolean open() {
        return bytes.get() < mostBytes;
    }

    void add(long more) {
        bytes.addAndGet(more);
    }

    /** The client has taken so much of what was handed over. */
    public void onTaken(long taken) {
        long left = bytes.addAndGet(-taken);
        if (left < mostBytes && left + taken >= mostBytes) {
            onOpen.run();
        }
    }
}
