package dev.millrace.worker.engine;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What of a completion may be said. A token may end inside a character, and text may still become a stop string: both
 * are held back until more tokens decide.
 *
 * <p>The text released is a function of the pieces so far and of nothing else, so whoever continues a completion
 * replays its tokens and knows what has been said. Bytes that can never become a character (a model may sample such)
 * are released as U+FFFD. Owned by the engine's thread.
 */
final class TextRelease {
    private static final byte[] NONE = {};

    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final List<String> stopStrings;
    private final StringBuilder held = new StringBuilder();
    private byte[] partialCharacter = NONE;
    private boolean stopped;

    TextRelease(List<String> stopStrings) {
        this.stopStrings = stopStrings;
    }

    /** The text that the next token's bytes release; empty where they release none. */
    String accept(byte[] piece) {
        if (stopped) {
            return "";
        }
        held.append(decode(piece));
        int end = firstStop();
        stopped = end >= 0;
        return take(stopped ? end : held.length() - undecided());
    }

    /** Whether a stop string has come: nothing is released any more. */
    boolean stopped() {
        return stopped;
    }

    /** What had been held back as the possible beginning of a stop string; a character that never ended is dropped. */
    String rest() {
        return stopped ? "" : held.toString();
    }

    private CharBuffer decode(byte[] piece) {
        ByteBuffer bytes = ByteBuffer.allocate(partialCharacter.length + piece.length);
        bytes.put(partialCharacter).put(piece).flip();
        CharBuffer characters = CharBuffer.allocate(bytes.remaining());
        decoder.reset().decode(bytes, characters, false);
        partialCharacter = new byte[bytes.remaining()];
        bytes.get(partialCharacter);
        return characters.flip();
    }

    private int firstStop() {
        int first = -1;
        for (String stop : stopStrings) {
            int at = held.indexOf(stop);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
            }
        }
        return first;
    }

    /** Length of the longest end of the held text that some stop string begins with. */
    private int undecided() {
        int longest = 0;
        for (String stop : stopStrings) {
            int length = Math.min(stop.length() - 1, held.length());
            while (length > longest && !endsWithBeginningOf(stop, length)) {
                length--;
            }
            longest = Math.max(longest, length);
        }
        return longest;
    }

    private boolean endsWithBeginningOf(String stop, int length) {
        return held.indexOf(stop.substring(0, length), held.length() - length) >= 0;
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }
}
