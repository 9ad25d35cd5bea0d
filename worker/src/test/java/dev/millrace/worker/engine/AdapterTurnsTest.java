package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class AdapterTurnsTest {
    private final AdapterTurns turns = new AdapterTurns();

    @Test
    void givesEachATurnOfTheSameLength() {
        List<Integer> given = take(4 * AdapterTurns.STEPS, 0, 3, 5);

        assertThat(given.subList(0, 8)).containsOnly(0);
        assertThat(given.subList(8, 16)).containsOnly(3);
        assertThat(given.subList(16, 24)).containsOnly(5);
        assertThat(given.subList(24, 32)).containsOnly(0);
    }

    @Test
    void staysWithTheOnlyOne() {
        assertThat(take(30, 2)).containsOnly(2);
    }

    @Test
    void endsATurnWhenThereIsNothingToComputeWithIt() {
        take(3, 1, 2);

        assertThat(take(1, 2)).containsExactly(2);
        assertThat(take(AdapterTurns.STEPS, 1, 2))
                .startsWith(2, 2, 2, 2, 2, 2, 2)
                .endsWith(1);
    }

    @Test
    void tellsChanges() {
        assertThat(turns.take(0)).isFalse();
        assertThat(turns.take(4)).isTrue();
        assertThat(turns.take(4)).isFalse();
        assertThat(turns.take(0)).isTrue();
    }

    private List<Integer> take(int steps, Integer... waiting) {
        List<Integer> given = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            int next = turns.next(new TreeSet<>(List.of(waiting)));
            turns.take(next);
            given.add(next);
        }
        return given;
    }
}
