package dev.millrace.compose.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each row of the matrix once. {@code make test-faults} runs it at length. */
class FaultMatrixIT {

    @Test
    void everyStreamIsWholeWhateverFails() throws Exception {
        Plan plan = Plan.of(Map.of("ROUNDS", "1", "STREAMS", "24"));

        assertThat(FaultMatrix.run(plan)).as(plan.command()).isTrue();
    }
}
