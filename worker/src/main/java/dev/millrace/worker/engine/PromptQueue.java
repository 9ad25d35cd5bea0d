package dev.millrace.worker.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The prompts that wait, and who goes next: the highest priority; among equals the principal that was served least; among
 * its prompts the one that came first. Every eighth place is given without regard to priority, so that everybody's turn
 * comes, however many prompts of higher priority there are. Owned by the engine's thread.
 */
final class PromptQueue {
    private static final int PLACES_PER_ROUND = 8;

    private final FairShare share;
    /** In the order of arrival. */
    private final List<Slot> waiting = new ArrayList<>();

    private long placesGiven;

    PromptQueue(FairShare share) {
        this.share = share;
    }

    void add(Slot slot) {
        waiting.add(slot);
    }

    /** It has had a place and lost it: it comes before all that have not had one. */
    void putBack(Slot slot) {
        waiting.add(0, slot);
    }

    /** Who goes next of those that can. */
    Optional<Slot> next(Predicate<Slot> ready) {
        return waiting.stream().filter(ready).min(order(placesGiven + 1));
    }

    /** It has been given a place. */
    void admitted(Slot slot) {
        waiting.remove(slot);
        placesGiven++;
    }

    /** All that wait, roughly in the order in which they will go: who is served meanwhile changes it. */
    List<Slot> inOrder() {
        return waiting.stream().sorted(order(1)).toList();
    }

    Stream<Slot> stream() {
        return waiting.stream();
    }

    int size() {
        return waiting.size();
    }

    void removeIf(Predicate<Slot> condition) {
        waiting.removeIf(condition);
    }

    private Comparator<Slot> order(long place) {
        Comparator<Slot> fair = Comparator.comparingLong(slot -> share.served(slot.principal()));
        return place % PLACES_PER_ROUND == 0
                ? fair
                : Comparator.comparingInt(Slot::priority).reversed().thenComparing(fair);
    }
}
