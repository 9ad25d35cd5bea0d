package dev.millrace.worker.grammar;

import dev.millrace.worker.llama.Grammar;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A set of characters as sequences of byte ranges. Belongs to one call. */
final class Utf8Ranges {
    /** The last characters that take one byte, two, three and four. */
    private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, Character.MAX_CODE_POINT};

    private final List<int[]> sequences = new ArrayList<>();

    private Utf8Ranges() {}

    /** Each sequence is as many elements as a character has bytes; together they are all characters of the set. */
    static List<int[]> of(CharacterSet characters) {
        Utf8Ranges ranges = new Utf8Ranges();
        for (CharacterSet.Range range : characters.and(CharacterSet.ALL).ranges()) {
            int first = range.first();
            for (int last : LAST_OF_LENGTH) {
                if (first <= last && first <= range.last()) {
                    ranges.split(first, Math.min(last, range.last()));
                    first = last + 1;
                }
            }
        }
        return ranges.sequences;
    }

    /** Until the bytes of what is between vary independently of each other. All characters have the same length. */
    private void split(int first, int last) {
        for (int bits = 6; bits <= 18 && first > 0x7F; bits += 6) {
            int low = (1 << bits) - 1;
            if ((first & ~low) != (last & ~low)) {
                if ((first & low) != 0) {
                    split(first, first | low);
                    split((first | low) + 1, last);
                    return;
                }
                if ((last & low) != low) {
                    split(first, (last & ~low) - 1);
                    split(last & ~low, last);
                    return;
                }
            }
        }
        byte[] from = utf8(first);
        byte[] to = utf8(last);
        int[] sequence = new int[from.length];
        for (int i = 0; i < sequence.length; i++) {
            sequence[i] = Grammar.range(from[i] & 0xFF, to[i] & 0xFF);
        }
        sequences.add(sequence);
    }

    private static byte[] utf8(int character) {
        return Character.toString(character).getBytes(StandardCharsets.UTF_8);
    }
}
