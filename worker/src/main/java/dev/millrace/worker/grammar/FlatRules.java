package dev.millrace.worker.grammar;

import dev.millrace.worker.llama.Grammar;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/** Rules as alternatives of elements, and what can be said about them. Belongs to one call. */
final class FlatRules {
    /** Enough for schemas of hundreds of fields; each element costs the device four bytes for each completion. */
    private static final int MOST_ELEMENTS = 1 << 16;

    private final List<String> names = new ArrayList<>();
    private final List<List<int[]>> alternatives = new ArrayList<>();
    private int elements;

    /** The number of a new rule without alternatives. */
    int add(String name) throws GrammarException {
        count(1);
        names.add(name);
        alternatives.add(new ArrayList<>());
        return names.size() - 1;
    }

    void addAlternative(int rule, IntStream of) throws GrammarException {
        int[] alternative = of.toArray();
        count(alternative.length + 1);
        alternatives.get(rule).add(alternative);
    }

    /** Before anything large is put together. */
    void count(int added) throws GrammarException {
        elements += added;
        if (elements > MOST_ELEMENTS) {
            throw new GrammarException("is too large: spelt out it has more than " + MOST_ELEMENTS + " elements");
        }
    }

    /** Takes out the alternatives that no finite text can be. */
    void dropEndless() throws GrammarException {
        BitSet finite = rulesOf(true);
        if (!finite.get(0)) {
            throw new GrammarException("allows no answer: nothing that it describes comes to an end");
        }
        for (List<int[]> rule : alternatives) {
            rule.removeIf(alternative ->
                    IntStream.of(alternative).anyMatch(e -> Grammar.isReference(e) && !finite.get(Grammar.rule(e))));
        }
    }

    /**
     * The rules that can be made up of finitely many steps. With ranges of bytes they are those that have a text;
     * without, those that may be empty.
     */
    private BitSet rulesOf(boolean ranges) {
        List<int[]> missing = new ArrayList<>(); // of an alternative: its rule, and how many elements are still open
        List<List<int[]>> usedBy = new ArrayList<>();
        alternatives.forEach(rule -> usedBy.add(new ArrayList<>()));
        BitSet found = new BitSet();
        Deque<Integer> news = new ArrayDeque<>();
        for (int rule = 0; rule < alternatives.size(); rule++) {
            for (int[] alternative : alternatives.get(rule)) {
                int[] open = {rule, 0};
                missing.add(open);
                for (int element : alternative) {
                    if (Grammar.isReference(element)) {
                        usedBy.get(Grammar.rule(element)).add(open);
                        open[1]++;
                    } else if (!ranges) {
                        open[1]++;
                    }
                }
            }
        }
        missing.stream().filter(open -> open[1] == 0).forEach(open -> news.add(open[0]));
        while (!news.isEmpty()) {
            int rule = news.remove();
            if (!found.get(rule)) {
                found.set(rule);
                for (int[] open : usedBy.get(rule)) {
                    if (--open[1] == 0) {
                        news.add(open[0]);
                    }
                }
            }
        }
        return found;
    }

    /** A rule that comes back to itself before a byte would be followed for ever. */
    void refuseLeftRecursion() throws GrammarException {
        BitSet empty = rulesOf(false);
        List<BitSet> begunBy = new ArrayList<>();
        int[] begins = new int[alternatives.size()];
        alternatives.forEach(rule -> begunBy.add(new BitSet()));
        for (int rule = 0; rule < alternatives.size(); rule++) {
            for (int[] alternative : alternatives.get(rule)) {
                for (int i = 0; i < alternative.length && Grammar.isReference(alternative[i]); i++) {
                    int begun = Grammar.rule(alternative[i]);
                    boolean repeats = begun == rule && i == alternative.length - 1; // leaves nothing behind
                    if (!repeats && !begunBy.get(begun).get(rule)) {
                        begunBy.get(begun).set(rule);
                        begins[rule]++;
                    }
                    if (!empty.get(begun)) {
                        break;
                    }
                }
            }
        }
        Deque<Integer> done = new ArrayDeque<>();
        IntStream.range(0, begins.length).filter(rule -> begins[rule] == 0).forEach(done::add);
        while (!done.isEmpty()) {
            begunBy.get(done.remove()).stream()
                    .filter(rule -> --begins[rule] == 0)
                    .forEach(done::add);
        }
        for (int rule = 0; rule < begins.length; rule++) {
            if (begins[rule] > 0) {
                throw new GrammarException(
                        "is left-recursive: " + names.get(rule) + " begins with a rule that begins with itself");
            }
        }
    }

    Grammar grammar() {
        int[] starts = new int[alternatives.size()];
        IntStream.Builder all = IntStream.builder();
        int length = 0;
        for (int rule = 0; rule < starts.length; rule++) {
            starts[rule] = length;
            List<int[]> of = alternatives.get(rule);
            for (int i = 0; i < of.size(); i++) {
                IntStream.of(of.get(i)).forEach(all);
                all.add(i == of.size() - 1 ? Grammar.END_OF_RULE : Grammar.END_OF_ALTERNATIVE);
                length += of.get(i).length + 1;
            }
            if (of.isEmpty()) { // nothing refers to it any more
                all.add(Grammar.END_OF_RULE);
                length++;
            }
        }
        return new Grammar(starts, all.build().toArray());
    }
}
