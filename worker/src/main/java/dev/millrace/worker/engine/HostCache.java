package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Decoder;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Sequences that left the device, in host memory up to a limit; the least recently used goes first. Owned by the
 * engine's thread.
 */
final class HostCache {
    /**
     * One of them.
     *
     * @param name by which the device knows it
     */
    record Saved(long name, TokenPrefix held, long bytes) {}

    /** Of what is brought to a device, this part must be of use: it crosses a bus and takes room there. */
    private static final int WORTH_A_BUS = 2;
    /** The same of a copy within host memory, which takes a hundredth of computing it. */
    private static final int WORTH_A_COPY = 100;

    private final Decoder decoder;
    private final long limitBytes;
    private final int worth;
    /** The least recently used first. */
    private final Deque<Saved> saved = new ArrayDeque<>();

    private long bytes;

    HostCache(Decoder decoder, long limitBytes) {
        this.decoder = decoder;
        this.limitBytes = limitBytes;
        this.worth = decoder.inHostMemory() ? WORTH_A_COPY : WORTH_A_BUS;
    }

    /** Whether {@link #save} would forget nothing for it. */
    boolean hasRoomFor(Sequence sequence) {
        return covers(sequence) || bytes + decoder.savedBytes(sequence.id()) <= limitBytes;
    }

    /** Takes a copy, unless it alone is above the limit or all of it is here already. */
    void save(Sequence sequence) {
        long needed = limitBytes == 0 ? 0 : decoder.savedBytes(sequence.id());
        if (limitBytes == 0 || needed > limitBytes || covers(sequence)) {
            return;
        }
        saved.removeIf(
                older -> older.held().common(sequence.held()) == older.held().length() && forget(older));
        while (bytes + needed > limitBytes) {
            forget(saved.remove());
        }
        saved.add(new Saved(decoder.save(sequence.id()), sequence.held(), needed));
        bytes += needed;
    }

    /** What begins most like these tokens, the shortest of equals, where enough of it would be used; null: nothing. */
    @Nullable
    Saved worthBringing(TokenPrefix wanted) {
        return saved.stream()
                .filter(candidate -> candidate.held().common(wanted) > 0)
                .filter(candidate -> worth * candidate.held().common(wanted)
                        >= candidate.held().length())
                .max(Comparator.<Saved>comparingInt(
                                candidate -> candidate.held().common(wanted))
                        .thenComparingInt(candidate -> -candidate.held().length()))
                .orElse(null);
    }

    /**
     * Puts it into an empty sequence, for which the device has room; false where it has gone. A device of its own memory
     * keeps it from now on, and it is forgotten here.
     */
    boolean bring(Saved chosen, int sequence) {
        if (!saved.remove(chosen)) {
            return false;
        }
        decoder.restore(chosen.name(), sequence);
        return decoder.inHostMemory() ? saved.add(chosen) : forget(chosen);
    }

    void clear() {
        saved.forEach(this::forget);
        saved.clear();
    }

    private boolean forget(Saved old) {
        decoder.forget(old.name());
        bytes -= old.bytes();
        return true;
    }

    private boolean covers(Sequence sequence) {
        return saved.stream().anyMatch(candidate -> candidate.held().common(sequence.held()) == sequence.length());
    }
}
