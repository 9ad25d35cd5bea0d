package dev.millrace.worker.llama;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What each token stands for. Immutable.
 *
 * <p>A piece is bytes, not a string: many are parts of a character.
 */
public final class Vocabulary {
    private final byte[] pieces;
    /** Where each token's piece starts in {@link #pieces}; one more at the end. */
    private final int[] starts;

    private final Map<String, Integer> control;
    private final BitSet controlTokens = new BitSet();
    private final BitSet endOfGeneration;

    /** Takes over the arrays. */
    Vocabulary(byte[] pieces, int[] starts, Map<String, Integer> control, BitSet endOfGeneration) {
        this.pieces = pieces;
        this.starts = starts;
        this.control = Map.copyOf(control);
        this.control.values().forEach(controlTokens::set);
        this.endOfGeneration = endOfGeneration;
    }

    /**
     * A vocabulary made by hand.
     *
     * @param pieces          one for each token, in the order of the ids; those of control tokens are empty
     * @param control         the control tokens by their text
     * @param endOfGeneration the ids that end a completion
     */
    public static Vocabulary of(List<byte[]> pieces, Map<String, Integer> control, Iterable<Integer> endOfGeneration) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int[] starts = new int[pieces.size() + 1];
        for (int token = 0; token < pieces.size(); token++) {
            bytes.writeBytes(pieces.get(token));
            starts[token + 1] = bytes.size();
        }
        BitSet ends = new BitSet();
        endOfGeneration.forEach(ends::set);
        return new Vocabulary(bytes.toByteArray(), starts, control, ends);
    }

    public int size() {
        return starts.length - 1;
    }

    /** A copy of the bytes that the token stands for; none for a control token. */
    public byte[] piece(int token) {
        return Arrays.copyOfRange(pieces, starts[token], starts[token + 1]);
    }

    /** Whether the token ends a completion. */
    public boolean isEndOfGeneration(int token) {
        return endOfGeneration.get(token);
    }

    /** Whether the token steers the model, such as {@code <|im_start|>}, rather than standing for text. */
    public boolean isControl(int token) {
        return controlTokens.get(token);
    }

    /** The id of a control token, such as {@code <|im_start|>}; empty if the model has none of this name. */
    public OptionalInt control(String text) {
        Integer token = control.get(text);
        return token == null ? OptionalInt.empty() : OptionalInt.of(token);
    }

    /** What the control tokens are called, such as {@code <|im_start|>}. */
    public Set<String> controlTexts() {
        return control.keySet();
    }

    /** As {@code Sampler.cpp} reads it: whether each token ends a completion, and the text that it stands for. */
    ByteBuffer memory() {
        ByteBuffer memory = ByteBuffer.allocateDirect(size() * (1 + Integer.BYTES) + pieces.length)
                .order(ByteOrder.nativeOrder());
        for (int token = 0; token < size(); token++) {
            byte[] text = isControl(token) ? new byte[0] : piece(token);
            memory.put((byte) (isEndOfGeneration(token) ? 1 : 0))
                    .putInt(text.length)
                    .put(text);
        }
        return memory.flip().slice().order(ByteOrder.nativeOrder());
    }
}
