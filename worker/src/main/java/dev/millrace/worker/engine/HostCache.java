package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Decoder;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Sequences that had to leave the device, in host memory up to a limit; the least recently used goes first. Owned by the
 * engine's thread.
 */
final class HostCache {
    /**
     * One of them.
     *
     * @param name by which the device knows it
     */
    record Saved(long name, TokenPrefix held, long bytes) {}

    private final Decoder decoder;
    private final long limitBytes;
    /** The least recently used first. */
    private final Deque<Saved> saved = new ArrayDeque<>();

    private long bytes;

    HostCache(Decoder decoder, long limitBytes) {
        this.decoder = decoder;
        this.limitBytes = limitBytes;
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

    /** What begins most like these tokens, where at least half of it would be used; null where nothing does. */
    @Nullable
    Saved worthBringing(TokenPrefix wanted) {
        Saved best = null;
        for (Saved candidate : saved) {
            int common = candidate.held().common(wanted);
            if (2 * common >= candidate.held().length()
                    && (best == null || common > best.held().common(wanted))) {
                best = candidate;
            }
        }
        return best;
    }

    /** Puts it into an empty sequence, for which the device has room, and forgets it here; false where it has gone. */
    boolean moveTo(int sequence, Saved chosen) {
        if (!saved.remove(chosen)) {
            return false;
        }
        decoder.restore(chosen.name(), sequence);
        return forget(chosen);
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
