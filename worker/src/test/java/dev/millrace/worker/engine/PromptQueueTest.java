package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static dev.millrace.worker.engine.SchedulerFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One slot: the order in which prompts have their turn. */
class PromptQueueTest {
    private final SchedulerFixture fixture = new SchedulerFixture(1, 400);
    private final List<String> finished = new ArrayList<>();
    private int seed;

    @Test
    void higherPriorityGoesFirst() {
        enqueue("a", 0, "first");
        enqueue("a", -5, "low");
        enqueue("a", 3, "high");
        enqueue("b", 3, "high too");

        fixture.runUntilIdle();

        assertThat(finished).containsExactly("high", "high too", "first", "low");
    }

    @Test
    void lowPriorityHasItsTurnHoweverManyOthersCome() {
        enqueue("a", -10, "low");
        for (int i = 0; i < 20; i++) {
            enqueue("a", 10, "high");
        }

        fixture.runUntilIdle();

        assertThat(finished.indexOf("low")).isEqualTo(7);
    }

    @Test
    void oneWithManyPromptsDoesNotHoldUpAnother() {
        IntStream.range(0, 10).forEach(i -> enqueue("many", 0, "many"));
        fixture.step();
        enqueue("few", 0, "few");
        enqueue("few", 0, "few");

        fixture.runUntilIdle();

        assertThat(finished.subList(0, 4)).containsExactly("many", "few", "many", "few");
    }

    @Test
    void longPromptsCountForMore() {
        IntStream.range(0, 4).forEach(i -> enqueue("long", 0, "long", 90));
        IntStream.range(0, 10).forEach(i -> enqueue("short", 0, "short", 10));

        fixture.runUntilIdle();

        assertThat(finished.subList(0, 8)).filteredOn("long"::equals).hasSizeBetween(1, 2);
    }

    @Test
    void whoWasAwayHasNothingSaved() {
        IntStream.range(0, 8).forEach(i -> enqueue("busy", 0, "busy"));
        fixture.steps(20);
        IntStream.range(0, 8).forEach(i -> enqueue("late", 0, "late"));
        int before = finished.size();

        fixture.runUntilIdle();

        assertThat(finished.subList(before, before + 5)).contains("busy", "late");
    }

    @Test
    void nobodyOvertakesTheOneThatWaitsForRoom() {
        SchedulerFixture two = new SchedulerFixture(2, 400);
        two.enqueue(prompt(1, 200), 100);
        two.step();
        RecordingListener big = two.enqueue(prompt(2, 300), 5);
        RecordingListener small = two.enqueue(prompt(3, 5), 5);

        two.steps(60);

        assertThat(small.ids).isEmpty();
        two.runUntilIdle();
        assertThat(big.ids).hasSize(5);
        assertThat(small.ids).hasSize(5);
    }

    private void enqueue(String principal, int priority, String name) {
        enqueue(principal, priority, name, 20);
    }

    private void enqueue(String principal, int priority, String name, int promptTokens) {
        GenerationRequest request = request(prompt(seed++, promptTokens), 5, principal, priority, null);
        fixture.scheduler.enqueue(fixture.slot(request, new Finishing(name)));
    }

    /** Notes who has ended. */
    private final class Finishing extends RecordingListener {
        private final String name;

        private Finishing(String name) {
            this.name = name;
        }

        @Override
        public synchronized void onFinished(
                FinishReason why, String heldBack, Usage used, Timings timings, @Nullable Failure what) {
            finished.add(name);
        }
    }
}
