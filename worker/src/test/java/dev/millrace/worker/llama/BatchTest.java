package dev.millrace.worker.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BatchTest {
    private final Batch batch = new Batch(3);

    @Test
    void keepsRowsInOrderAndNumbersOutputs() {
        batch.add(1, 10, 0);
        batch.addOutput(2, 20, 7, 4);
        batch.addOutput(1, 11, 1, 0);

        assertThat(batch.size()).isEqualTo(3);
        assertThat(batch.index(0)).isEqualTo(-1);
        assertThat(new int[] {batch.sequence(1), batch.token(1), batch.position(1), batch.index(1)})
                .containsExactly(2, 20, 7, 4);
        assertThat(batch.outputs()).isEqualTo(2);
        assertThat(batch.outputSequence(0)).isEqualTo(2);
        assertThat(batch.outputSequence(1)).isEqualTo(1);
        assertThat(batch.outputRow(1)).isEqualTo(2);
    }

    @Test
    void givesBackWhatWasSampled() {
        batch.add(0, 1, 0);
        batch.addOutput(0, 2, 1, 0);

        batch.sampled(0, 99, -0.5f);

        assertThat(batch.sampledToken(0)).isEqualTo(99);
        assertThat(batch.sampledLogprob(0)).isEqualTo(-0.5f);
        assertThat(batch.likeliest(0)).isEmpty();
    }

    @Test
    void startsOverWhenCleared() {
        batch.addOutput(0, 1, 0, 0);

        batch.clear();

        assertThat(batch.size()).isZero();
        assertThat(batch.outputs()).isZero();
        assertThatThrownBy(() -> batch.token(0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> batch.sampledToken(0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void refusesMoreRowsThanItsCapacity() {
        for (int row = 0; row < 3; row++) {
            batch.add(0, row, row);
        }

        assertThatThrownBy(() -> batch.add(0, 3, 3)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesNegativeIndexAndCapacity() {
        assertThatThrownBy(() -> batch.addOutput(0, 1, 0, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Batch(0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(batch.size()).isZero();
    }
}
