package dev.millrace.compose.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** Twenty faults and some: {@code make test-faults} runs the matrix at length. */
class FaultMatrixIT {

    @Test
    void everyStreamIsWholeWhateverFails() throws Exception {
        Plan eachOnce = Plan.of(Map.of("ROUNDS", "1", "STREAMS", "24"));

        assertThat(FaultMatrix.run(eachOnce)).as(eachOnce.command()).isTrue();
    }

    @Test
    void everyStreamIsWholeHoweverOftenAWorkerIsKilled() throws Exception {
        Plan fourKills = Plan.of(Map.of("ROUNDS", "4", "STREAMS", "24", "ROWS", "kill-worker"));

        assertThat(FaultMatrix.run(fourKills)).as(fourKills.command()).isTrue();
    }
}
