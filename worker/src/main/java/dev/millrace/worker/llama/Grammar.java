package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What a completion may be: a context-free grammar over the bytes of UTF-8, without left recursion. Immutable.
 *
 * <p>Rule 0 is the whole. A rule is its alternatives one after the other, each of them elements and then
 * {@link #END_OF_ALTERNATIVE}, the last one {@link #END_OF_RULE}. The numbers are those of {@code GrammarRules.h}.
 */
public final class Grammar {
    public static final int END_OF_RULE = -1;
    public static final int END_OF_ALTERNATIVE = -2;

    private static final int REFERENCE = 1 << 16;
    private static final int[] WHOLE = {reference(0), END_OF_RULE};

    private final int[] words;

    /**
     * Copies both.
     *
     * @param starts where each rule starts in the elements
     */
    public Grammar(int[] starts, int[] elements) {
        IntStream.Builder all = IntStream.builder().add(starts.length);
        Arrays.stream(starts).forEach(start -> all.add(start + WHOLE.length));
        Arrays.stream(WHOLE).forEach(all);
        Arrays.stream(elements).forEach(all);
        this.words = all.build().toArray();
    }

    /** The element that is one byte of this range. */
    public static int range(int first, int last) {
        return first << 8 | last;
    }

    /** The element that is a rule by its number. */
    public static int reference(int rule) {
        return REFERENCE + rule;
    }

    public static boolean isReference(int element) {
        return element >= REFERENCE;
    }

    /** The number of the rule that the element refers to. */
    public static int rule(int reference) {
        return reference - REFERENCE;
    }

    int bytes() {
        return words.length * Integer.BYTES;
    }

    void writeTo(ByteBuffer memory) {
        for (int word : words) {
            memory.putInt(word);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Grammar grammar && Arrays.equals(words, grammar.words);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(words);
    }
}
