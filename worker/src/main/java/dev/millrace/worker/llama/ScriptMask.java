package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * Which tokens may stand in a completion whose characters are all of a set, such as the scripts of a language. Those that
 * end a completion always may, other control tokens never. A token may end inside a character, where the bytes so far
 * can become one of the set; what may follow then is worked out on the native side from what is told here of the tokens
 * that begin inside a character. Immutable.
 */
public final class ScriptMask {
    private static final int LONGEST_HEAD = 3;
    private static final int WHOLE_CHARACTERS_FOLLOW = 1 << 28;
    /** The least character that takes so many bytes after the first: what takes more bytes than it needs is none. */
    private static final int[] LEAST = {0, 0x80, 0x800, 0x10000};

    private final BitSet characters;
    private final int tokens;
    private final int[] ints;

    private ScriptMask(Vocabulary vocabulary, BitSet characters) {
        this.characters = characters;
        this.tokens = vocabulary.size();
        IntStream.Builder ranges = IntStream.builder();
        for (int first = characters.nextSetBit(0); first >= 0; ) {
            int end = characters.nextClearBit(first);
            ranges.add(first).add(end - 1);
            first = characters.nextSetBit(end);
        }
        IntStream.Builder continuations = IntStream.builder();
        BitSet whole = new BitSet();
        for (int token = 0; token < tokens; token++) {
            byte[] piece = vocabulary.isControl(token) ? new byte[0] : vocabulary.piece(token);
            whole.set(token, vocabulary.isEndOfGeneration(token) || (piece.length > 0 && allows(piece, 0)));
            int head = headLength(piece);
            if (head > 0 && head <= LONGEST_HEAD && allows(piece, head)) {
                continuations.add(token).add(head(piece, head));
            }
        }
        this.ints = ints(whole, ranges.build().toArray(), continuations.build().toArray());
    }

    /** For completions of these characters, by code point. Takes some tens of milliseconds for a large vocabulary. */
    public static ScriptMask of(Vocabulary vocabulary, BitSet characters) {
        return new ScriptMask(vocabulary, characters);
    }

    int bytes() {
        return ints.length * Integer.BYTES;
    }

    /** As {@code ScriptMask.cpp} reads it. */
    void writeTo(ByteBuffer memory) {
        for (int word : ints) {
            memory.putInt(word);
        }
    }

    private int[] ints(BitSet whole, int[] ranges, int[] continuations) {
        long[] words = Arrays.copyOf(whole.toLongArray(), (tokens + 63) / 64);
        ByteBuffer memory = ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.nativeOrder());
        memory.asLongBuffer().put(words);
        IntStream.Builder all = IntStream.builder();
        all.add(tokens).add(ranges.length / 2).add(continuations.length / 2);
        while (memory.hasRemaining()) {
            all.add(memory.getInt());
        }
        Arrays.stream(ranges).forEach(all);
        Arrays.stream(continuations).forEach(all);
        return all.build().toArray();
    }

    /** Bytes before the first that begins a character. */
    private static int headLength(byte[] piece) {
        int length = 0;
        while (length < piece.length && isContinuation(piece[length])) {
            length++;
        }
        return length;
    }

    /** The payload of the first bytes, their number, and whether there are more. */
    private static int head(byte[] piece, int length) {
        int payload = 0;
        for (int i = 0; i < length; i++) {
            payload = payload << 6 | (piece[i] & 0x3F);
        }
        return payload | length << 24 | (piece.length > length ? WHOLE_CHARACTERS_FOLLOW : 0);
    }

    /** Whether all from this byte on is characters of the set, the last one perhaps in part. */
    private boolean allows(byte[] piece, int from) {
        for (int at = from; at < piece.length; ) {
            int first = piece[at++] & 0xFF;
            int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
            if (isContinuation(piece[at - 1]) || first >= 0xF8) {
                return false;
            }
            int payload = more == 0 ? first : first & (0x3F >> more);
            int missing = more;
            for (; missing > 0 && at < piece.length && isContinuation(piece[at]); missing--) {
                payload = payload << 6 | (piece[at++] & 0x3F);
            }
            if ((missing > 0 && at < piece.length) || !mayBecome(payload, missing, LEAST[more])) {
                return false;
            }
        }
        return true;
    }

    private boolean mayBecome(int payload, int missing, int least) {
        int found = characters.nextSetBit(Math.max(payload << (6 * missing), least));
        return found >= 0 && found < (payload + 1) << (6 * missing);
    }

    private static boolean isContinuation(byte of) {
        return (of & 0xC0) == 0x80;
    }
}
