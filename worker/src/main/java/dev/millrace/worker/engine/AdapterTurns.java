package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Decoder;
import java.util.NavigableSet;

/**
 * Which adapter the next step is computed with. The device has one adapter at a time, and to change it takes time; so
 * each has it for a turn of some steps, by turns, and nobody waits longer than the turns of the other adapters that
 * have something to compute. All turns are of one length: each stream comes by as many tokens as any other, whatever
 * its adapter. Owned by the engine's thread.
 */
final class AdapterTurns {
    /** With fewer more time would go into changes, with more the others would wait longer at a time. Not measured. */
    static final int STEPS = 8;

    private int current = Decoder.NO_ADAPTER;
    private int steps;

    /** Who is next of those that have something to compute, which are some; asking changes nothing. */
    int next(NavigableSet<Integer> waiting) {
        if (steps < STEPS && waiting.contains(current)) {
            return current;
        }
        Integer higher = waiting.higher(current);
        return higher == null ? waiting.first() : higher;
    }

    /** The next step is this one's. Whether that is a change for the device. */
    boolean take(int adapter) {
        boolean change = adapter != current;
        steps = change || steps == STEPS ? 1 : steps + 1;
        current = adapter;
        return change;
    }
}
