package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static dev.millrace.worker.engine.SchedulerFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.FinishReason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreemptionTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 10_000})
    void everyCompletionIsAsIfItHadRunAlone(int hostBytes) {
        SchedulerFixture fixture = new SchedulerFixture(4, 450, hostBytes);
        List<RecordingListener> listeners = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            listeners.add(fixture.enqueue(prompt(i, 10), 300));
        }

        fixture.runUntilIdle();

        for (int i = 0; i < 6; i++) {
            assertThat(listeners.get(i).ids).isEqualTo(FakeDecoder.completion(prompt(i, 10), 300));
            assertThat(listeners.get(i).reason).isEqualTo(FinishReason.LENGTH);
        }
        assertThat(fixture.decoder.mostCells).isGreaterThan(440).isLessThanOrEqualTo(450);
    }

    @Test
    void putsTheYoungestBack() {
        SchedulerFixture fixture = new SchedulerFixture(2, 400);
        RecordingListener older = fixture.enqueue(prompt(1, 10), 300);
        fixture.steps(5);
        RecordingListener younger = fixture.enqueue(prompt(2, 10), 300);

        fixture.steps(250);

        assertThat(fixture.scheduler.load().queuedPrompts()).isEqualTo(1);
        assertThat(older.ids).hasSize(255);
        assertThat(younger.ids.size()).isLessThan(200);
    }

    @Test
    void putsTheLowestPriorityBackFirst() {
        SchedulerFixture fixture = new SchedulerFixture(2, 400);
        RecordingListener low = fixture.enqueue(request(prompt(1, 10), 300, "", -1, null));
        fixture.steps(5);
        RecordingListener high = fixture.enqueue(request(prompt(2, 10), 300, "", 0, null));

        fixture.steps(250);

        assertThat(high.ids).hasSize(250);
        assertThat(low.ids.size()).isLessThan(205);
    }

    @Test
    void givesUpWhatIsIdleBeforeItPreempts() {
        SchedulerFixture fixture = new SchedulerFixture(1, 400);
        fixture.enqueue(prompt(1, 300), 5);
        fixture.runUntilIdle();

        RecordingListener running = fixture.enqueue(prompt(2, 10), 380);
        fixture.steps(380);

        assertThat(running.reason).isEqualTo(FinishReason.LENGTH);
        assertThat(fixture.decoder.savedTokens()).isEqualTo(304);
    }

    @Test
    void continuesWithoutComputingAgainWhatHostMemoryKept() {
        SchedulerFixture fixture = new SchedulerFixture(2, 400);
        RecordingListener first = fixture.enqueue(prompt(1, 10), 300);
        RecordingListener second = fixture.enqueue(prompt(2, 10), 300);

        fixture.runUntilIdle();

        assertThat(first.ids).hasSize(300);
        assertThat(second.ids).hasSize(300);
        int computed =
                fixture.decoder.stepSizes.stream().mapToInt(Integer::intValue).sum();
        assertThat(computed).isEqualTo(2 * 309);
    }

    @Test
    void cancelsWhatWasPutBack() {
        SchedulerFixture fixture = new SchedulerFixture(2, 400);
        fixture.enqueue(prompt(1, 10), 300);
        GenerationRequest request = request(prompt(2, 10), 300);
        RecordingListener preempted = fixture.enqueue(request);
        fixture.steps(250);
        int said = preempted.ids.size();

        fixture.scheduler.cancel(request);
        fixture.runUntilIdle();

        assertThat(preempted.reason).isEqualTo(FinishReason.CANCELLED);
        assertThat(preempted.ids).hasSize(said);
        assertThat(fixture.scheduler.load()).isEqualTo(new EngineLoad(0, 0, 400, 400));
    }
}
