package dev.millrace.compose.bench.gateway;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * When each event came to its client, in a file that two processes map. Written by the clients' thread; the benchmark's
 * reads the counts meanwhile, and the times when all have come.
 */
final class Arrivals {
    /** What numbers of {@link #NUMBER_DIGITS} digits can tell apart. */
    static final int MOST_EVENTS = 36 * 36 * 36 * 36;

    static final int NUMBER_DIGITS = 4;

    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int EVENTS = 0;
    private static final int FRAMES = Long.BYTES;
    private static final int TIMES = 2 * Long.BYTES;

    private final MappedByteBuffer memory;

    private Arrivals(MappedByteBuffer memory) {
        this.memory = memory;
    }

    static Arrivals open(Path file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long bytes = TIMES + (long) MOST_EVENTS * Long.BYTES;
            return new Arrivals(channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes));
        }
    }

    /** Of one event; {@link #add} follows. */
    void came(int number, long unixMicros) {
        LONGS.set(memory, TIMES + number * Long.BYTES, unixMicros);
    }

    /** A frame with so many events is complete. */
    void add(int events) {
        LONGS.setRelease(memory, FRAMES, frames() + 1);
        LONGS.setRelease(memory, EVENTS, events() + events);
    }

    long events() {
        return (long) LONGS.getAcquire(memory, EVENTS);
    }

    long frames() {
        return (long) LONGS.getAcquire(memory, FRAMES);
    }

    /** Microseconds since 1970. */
    long unixMicros(int number) {
        return (long) LONGS.get(memory, TIMES + number * Long.BYTES);
    }
}
