package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Batch;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Who gets how many rows of a step: every completion that decodes its one row, so that no prompt stalls it, however long;
 * what is left goes to those in prefill that need least, so that a short prompt does not wait for a long one and of many
 * that come together the first need not wait for the last; but the oldest has an even share in any case. While anybody
 * generates they get no more than their budget, since a long step is a long wait for the next token. A step is
 * of one adapter; those who generate with another wait for it, so that prompts keep to a budget then, too.
 */
final class StepPlan {
    private final int adapter;
    private final List<Slot> decoding;
    /** In the order of their admission. */
    private final List<Slot> prefilling;

    private final int streams;
    private final int depth;
    private final int prefillRows;
    private int promptRows;

    /** @param running with whatever adapter */
    StepPlan(int adapter, List<Slot> running, PrefillBudget budget, Pace pace, long nowNanos) {
        this.adapter = adapter;
        Map<Integer, List<Slot>> due = running.stream()
                .filter(slot -> !slot.prefilling() && pace.untilDue(slot, nowNanos) <= 0)
                .collect(Collectors.groupingBy(Slot::adapter));
        decoding = due.getOrDefault(adapter, List.of());
        int most = due.values().stream().mapToInt(List::size).max().orElse(0);
        streams = decoding.isEmpty() ? most : decoding.size();
        prefilling = running.stream()
                .filter(slot -> slot.adapter() == adapter && slot.prefilling())
                .toList();
        int pending = prefilling.stream().mapToInt(Slot::pending).sum();
        depth = prefilling.stream().mapToInt(Slot::held).max().orElse(0);
        prefillRows = Math.min(pending, budget.rows(streams, prefilling.size(), depth));
    }

    int adapter() {
        return adapter;
    }

    /**
     * Those whose next token comes later because of the prompts of this step: they generate in it, or else wait for it
     * and would have a step of so many.
     */
    int streams() {
        return streams;
    }

    /** Rows of a filled batch that are not of those who generate. */
    int promptRows() {
        return promptRows;
    }

    /** Those that are being read. */
    int prompts() {
        return prefilling.size();
    }

    /** Tokens that the cache held of the prompt that has been read furthest. */
    int depth() {
        return depth;
    }

    /** With fewer rows somebody would not get on. */
    int leastRows() {
        return decoding.size() + Math.min(prefillRows, 1);
    }

    int wantedRows() {
        return decoding.size() + prefillRows;
    }

    void fill(Batch batch, int rows, FairShare share) {
        decoding.stream().limit(rows).forEach(slot -> put(batch, slot, 1, share));
        int generating = batch.size();
        if (prefilling.isEmpty()) {
            return;
        }
        put(batch, prefilling.get(0), roundUp(rows - batch.size(), prefilling.size()), share);
        prefilling.stream()
                .sorted(Comparator.comparingInt(Slot::pending))
                .forEach(slot -> put(batch, slot, rows - batch.size(), share));
        promptRows = batch.size() - generating;
    }

    private static int roundUp(int rows, int sharers) {
        return (rows + sharers - 1) / sharers;
    }

    private static void put(Batch batch, Slot slot, int rows, FairShare share) {
        share.charge(slot.principal(), slot.fill(batch, rows));
    }
}
