package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.join;
import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static dev.millrace.worker.engine.SchedulerFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final SchedulerFixture fixture = new SchedulerFixture(1, 400);

    @Test
    void saysNothingOfWhatIsQuick() {
        RecordingListener listener = fixture.enqueue(prompt(1, 200), 5);

        fixture.runUntilIdle();

        assertThat(listener.progress).isEmpty();
    }

    @Test
    void tellsHowMuchOfALongPromptIsReadTwiceASecond() {
        RecordingListener listener = fixture.enqueue(prompt(1, 200), 5);

        for (int i = 0; i < 12; i++) {
            pass(250);
            fixture.step();
        }

        assertThat(listener.progress).containsExactly("32/200", "64/200", "96/200", "128/200", "160/200", "192/200");
    }

    @Test
    void countsWhatWasCached() {
        fixture.enqueue(prompt(1, 100), 1);
        fixture.runUntilIdle();
        RecordingListener listener = fixture.enqueue(join(prompt(1, 100), prompt(2, 100)), 5);

        pass(600);
        fixture.step();

        assertThat(listener.progress).containsExactly("116/200");
    }

    @Test
    void tellsThePlaceInTheQueueWhenItChanges() {
        fixture.enqueue(prompt(1, 10), 3);
        fixture.enqueue(prompt(2, 10), 3);
        fixture.step();
        RecordingListener third = fixture.enqueue(prompt(3, 10), 3);
        RecordingListener urgent = fixture.enqueue(request(prompt(4, 10), 3, "", 5, null));

        fixture.scheduler.tellProgress(fixture.nowNanos);
        assertThat(third.progress).isEmpty();
        pass(600);
        fixture.scheduler.tellProgress(fixture.nowNanos);
        pass(600);
        fixture.scheduler.tellProgress(fixture.nowNanos);
        assertThat(third.progress).containsExactly("queue 2");
        assertThat(urgent.progress).containsExactly("queue 0");

        fixture.steps(3);
        pass(600);
        fixture.step();
        assertThat(third.progress).containsExactly("queue 2", "queue 1");
    }

    private void pass(int ms) {
        fixture.nowNanos += TimeUnit.MILLISECONDS.toNanos(ms) - 1_000_000;
    }
}
