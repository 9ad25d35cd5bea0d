package dev.millrace.worker.llama;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongUnaryOperator;

/**
 * The number by which the native side knows an object, and how many calls and objects are using it. Thread-safe.
 *
 * <p>Closing is refused while somebody uses it, so that no native object goes away under a call.
 */
final class Handle {
    private static final int CLOSED = -1;

    private final String name;
    private final long value;
    private final LongUnaryOperator nativeClose;
    /** Users, or {@link #CLOSED}. Every thread that uses the object meets here. */
    private final AtomicInteger users = new AtomicInteger();

    Handle(String name, long value, LongUnaryOperator nativeClose) {
        this.name = name;
        this.value = value;
        this.nativeClose = nativeClose;
    }

    /** The native number; until {@link #release} the object stays open. */
    long acquire() {
        users.updateAndGet(count -> {
            if (count == CLOSED) {
                throw new LlamaException(LlamaError.CLOSED, name + " is closed");
            }
            return count + 1;
        });
        return value;
    }

    void release() {
        users.decrementAndGet();
    }

    /** Calls a native method and turns its negative codes into exceptions. */
    long call(LongUnaryOperator nativeMethod) {
        long handle = acquire();
        try {
            return LlamaLibrary.check(nativeMethod.applyAsLong(handle));
        } finally {
            release();
        }
    }

    /** Idempotent. */
    void close() {
        int before = users.getAndUpdate(count -> count == 0 ? CLOSED : count);
        if (before > 0) {
            throw new LlamaException(LlamaError.CLOSED, name + " is in use and cannot be closed");
        }
        if (before == 0) {
            LlamaLibrary.check(nativeClose.applyAsLong(value));
        }
    }
}
