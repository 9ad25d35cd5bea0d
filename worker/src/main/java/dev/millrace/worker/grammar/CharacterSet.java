package dev.millrace.worker.grammar;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Unicode characters, surrogates not among them. Immutable. */
record CharacterSet(List<Range> ranges) {
    static final CharacterSet NONE = new CharacterSet(List.of());
    static final CharacterSet ALL = of(0, 0xD7FF, 0xE000, Character.MAX_CODE_POINT);

    /** From the first to the last, both included. */
    record Range(int first, int last) {}

    /** First, last, first, last, ... */
    static CharacterSet of(int... pairs) {
        List<Range> ranges = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            ranges.add(new Range(pairs[i], pairs[i + 1]));
        }
        return new CharacterSet(inOrder(ranges));
    }

    CharacterSet or(CharacterSet other) {
        List<Range> both = new ArrayList<>(ranges);
        both.addAll(other.ranges);
        return new CharacterSet(inOrder(both));
    }

    CharacterSet without(CharacterSet other) {
        List<Range> left = new ArrayList<>();
        for (Range range : ranges) {
            int first = range.first();
            for (Range out : other.ranges) {
                if (out.last() >= first && out.first() <= range.last()) {
                    if (out.first() > first) {
                        left.add(new Range(first, out.first() - 1));
                    }
                    first = out.last() + 1;
                }
            }
            if (first <= range.last()) {
                left.add(new Range(first, range.last()));
            }
        }
        return new CharacterSet(List.copyOf(left));
    }

    CharacterSet and(CharacterSet other) {
        return without(ALL.without(other));
    }

    boolean contains(int character) {
        return ranges.stream().anyMatch(range -> range.first() <= character && character <= range.last());
    }

    /** Sorted, and none touches the next. */
    private static List<Range> inOrder(List<Range> ranges) {
        List<Range> merged = new ArrayList<>();
        for (Range range :
                ranges.stream().sorted(Comparator.comparingInt(Range::first)).toList()) {
            Range before = merged.isEmpty() ? null : merged.get(merged.size() - 1);
            if (before != null && range.first() <= before.last() + 1) {
                merged.set(merged.size() - 1, new Range(before.first(), Math.max(before.last(), range.last())));
            } else {
                merged.add(range);
            }
        }
        return List.copyOf(merged);
    }
}
