package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Decoder;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sequences that left the device, in host memory up to a limit; the least recently used goes first. Of a small model it
 * holds thousands, so they stand in the order of their tokens, and those that begin alike are found by looking at
 * neighbours. Owned by the engine's thread.
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
    /** Fewer are computed in the time that it takes to begin with a copy. */
    private static final int LEAST_TOKENS = 16;

    private final Decoder decoder;
    private final long limitBytes;
    private final int worth;
    /** The least recently used first. */
    private final Set<Saved> saved = new LinkedHashSet<>();
    /** The same. None is the beginning of another. */
    private final NavigableMap<TokenPrefix, Saved> byTokens = new TreeMap<>();

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
        forgetBeginningsOf(sequence.held());
        while (bytes + needed > limitBytes) {
            forget(saved.iterator().next());
        }
        add(new Saved(decoder.save(sequence.id()), sequence.held(), needed));
        bytes += needed;
    }

    /** What begins most like these tokens, the shortest of equals, where enough of it would be used; null: nothing. */
    @Nullable
    Saved worthBringing(TokenPrefix wanted) {
        int common = Stream.of(byTokens.floorKey(wanted), byTokens.ceilingKey(wanted))
                .mapToInt(beside -> beside == null ? 0 : beside.common(wanted))
                .max()
                .orElseThrow();
        if (common < LEAST_TOKENS) {
            return null;
        }
        return byTokens.tailMap(wanted.first(common), true).values().stream()
                .takeWhile(candidate -> candidate.held().common(wanted) == common)
                .min(Comparator.comparingInt(candidate -> candidate.held().length()))
                .filter(candidate -> worth * common >= candidate.held().length())
                .orElse(null);
    }

    /**
     * Puts it into an empty sequence, for which the device has room; false where it has gone. A device of its own memory
     * keeps it from now on, and it is forgotten here.
     */
    boolean bring(Saved chosen, int sequence) {
        if (!saved.contains(chosen)) {
            return false;
        }
        decoder.restore(chosen.name(), sequence);
        if (decoder.inHostMemory()) {
            saved.remove(chosen);
            saved.add(chosen);
        } else {
            forget(chosen);
        }
        return true;
    }

    void clear() {
        List.copyOf(saved).forEach(this::forget);
    }

    private void add(Saved added) {
        saved.add(added);
        byTokens.put(added.held(), added);
    }

    private void forget(Saved old) {
        saved.remove(old);
        byTokens.remove(old.held());
        decoder.forget(old.name());
        bytes -= old.bytes();
    }

    /** From the longest on. A neighbour that is none has as many first tokens in common as the next one can have. */
    private void forgetBeginningsOf(TokenPrefix longer) {
        Map.Entry<TokenPrefix, Saved> below = byTokens.floorEntry(longer);
        while (below != null && below.getKey().common(longer) > 0) {
            int common = below.getKey().common(longer);
            if (common == below.getKey().length()) {
                forget(below.getValue());
            }
            below = byTokens.floorEntry(longer.first(common));
        }
    }

    private boolean covers(Sequence sequence) {
        TokenPrefix above = byTokens.ceilingKey(sequence.held());
        return above != null && above.common(sequence.held()) == sequence.length();
    }
}
