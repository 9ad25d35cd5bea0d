package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.ids;
import static dev.millrace.worker.engine.SchedulerFixture.join;
import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What ends on a device whose KV cache is host memory, where each cell costs each step. */
class HostMemoryTest {
    private final SchedulerFixture fixture = SchedulerFixture.inHostMemory(3, 400, 300);
    private final FakeDecoder decoder = fixture.decoder;

    @Test
    void leavesTheCacheAtOnceAndComesBackForTheNextTurn() {
        int[] first = prompt(1, 100);
        RecordingListener turn = fixture.enqueue(first, 20);
        fixture.runUntilIdle();
        assertThat(decoder.usedCells()).isZero();
        assertThat(decoder.savedTokens()).isEqualTo(119);

        int[] second = join(join(first, ids(turn.ids)), prompt(2, 9));
        RecordingListener next = fixture.enqueue(second, 10);
        fixture.runUntilIdle();

        assertThat(next.usage.getCachedTokens()).isEqualTo(119);
        assertThat(next.ids).isEqualTo(FakeDecoder.completion(second, 10));
        assertThat(decoder.usedCells()).isZero();
        assertThat(decoder.savedTokens()).as("a conversation is there once").isEqualTo(138);
    }

    @Test
    void givesAnotherPromptAShortBeginningThatItHas() {
        int[] system = prompt(1, 20);
        fixture.enqueue(join(system, prompt(2, 200)), 20);
        fixture.runUntilIdle();

        int[] other = join(system, prompt(3, 5));
        RecordingListener sharing = fixture.enqueue(other, 50);
        fixture.steps(2);

        assertThat(decoder.usedCells())
                .as("what it does not share has left again")
                .isLessThan(40);
        fixture.runUntilIdle();
        assertThat(sharing.usage.getCachedTokens()).isEqualTo(20);
        assertThat(sharing.ids).isEqualTo(FakeDecoder.completion(other, 50));
    }

    @Test
    void staysWhereOthersWouldHaveToBeForgottenForIt() {
        int[] older = prompt(1, 200);
        int[] newer = prompt(2, 150);
        fixture.enqueue(older, 5);
        fixture.runUntilIdle();
        fixture.enqueue(newer, 5);
        fixture.runUntilIdle();
        assertThat(decoder.savedTokens()).isEqualTo(204);
        assertThat(decoder.usedCells()).isEqualTo(154);

        RecordingListener onOlder = fixture.enqueue(join(older, prompt(3, 5)), 5);
        fixture.runUntilIdle();
        RecordingListener onNewer = fixture.enqueue(join(newer, prompt(4, 5)), 5);
        fixture.runUntilIdle();

        assertThat(onOlder.usage.getCachedTokens()).isEqualTo(200);
        assertThat(onNewer.usage.getCachedTokens()).isEqualTo(150);
    }
}
