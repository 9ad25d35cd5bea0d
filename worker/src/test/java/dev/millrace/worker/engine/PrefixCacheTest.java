package dev.millrace.worker.engine;

import static dev.millrace.worker.engine.SchedulerFixture.ids;
import static dev.millrace.worker.engine.SchedulerFixture.join;
import static dev.millrace.worker.engine.SchedulerFixture.prompt;
import static dev.millrace.worker.engine.SchedulerFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
    private final SchedulerFixture fixture = new SchedulerFixture(3, 400);
    private final FakeDecoder decoder = fixture.decoder;

    @Test
    void computesOnlyWhatANextTurnAdds() {
        int[] first = prompt(1, 100);
        RecordingListener turn = fixture.enqueue(first, 20);
        fixture.runUntilIdle();
        int[] second = join(join(first, ids(turn.ids)), prompt(2, 9));

        RecordingListener next = fixture.enqueue(second, 10);
        int before = computed();
        fixture.runUntilIdle();

        assertThat(next.ids).isEqualTo(FakeDecoder.completion(second, 10));
        assertThat(next.usage.getCachedTokens()).isEqualTo(119);
        assertThat(computed() - before).isEqualTo(1 + 9 + 9);
    }

    @Test
    void computesTheLastTokenOfAPromptThatItHasWhole() {
        int[] prompt = prompt(1, 50);
        fixture.enqueue(prompt, 20);
        fixture.runUntilIdle();

        RecordingListener again = fixture.enqueue(prompt, 20);
        fixture.runUntilIdle();

        assertThat(again.ids).isEqualTo(FakeDecoder.completion(prompt, 20));
        assertThat(again.usage.getCachedTokens()).isEqualTo(49);
    }

    @Test
    void sharesABeginningWithWhatRuns() {
        int[] system = prompt(1, 60);
        fixture.enqueue(join(system, prompt(2, 5)), 50);
        fixture.steps(6);

        RecordingListener other = fixture.enqueue(join(system, prompt(3, 5)), 10);
        fixture.step();

        assertThat(decoder.usedCells()).isEqualTo(60 + 5 + 5 + 2);
        fixture.runUntilIdle();
        assertThat(other.usage.getCachedTokens()).isEqualTo(60);
        assertThat(other.ids).isEqualTo(FakeDecoder.completion(join(system, prompt(3, 5)), 10));
    }

    @Test
    void computesOnceWhatPromptsThatComeTogetherBeginWith() {
        int[] system = prompt(1, 100);
        List<int[]> prompts = IntStream.range(0, 3)
                .mapToObj(i -> join(system, prompt(10 + i, 5)))
                .toList();

        List<RecordingListener> listeners =
                prompts.stream().map(prompt -> fixture.enqueue(prompt, 4)).toList();
        fixture.runUntilIdle();

        assertThat(computed()).isEqualTo(100 + 3 * (5 + 3));
        for (int i = 0; i < prompts.size(); i++) {
            assertThat(listeners.get(i).ids).isEqualTo(FakeDecoder.completion(prompts.get(i), 4));
        }
    }

    @Test
    void startsAnotherPromptWhileOneAwaitsABeginning() {
        int[] system = prompt(1, 200);
        fixture.enqueue(join(system, prompt(2, 5)), 4);
        fixture.enqueue(join(system, prompt(3, 5)), 4);
        RecordingListener stranger = fixture.enqueue(prompt(4, 5), 4);

        fixture.steps(2);

        assertThat(stranger.ids).isNotEmpty();
        assertThat(fixture.scheduler.load().queuedPrompts()).isEqualTo(1);
    }

    @Test
    void keepsBothBranchesOfAConversation() {
        int[] prompt = prompt(1, 100);
        RecordingListener first = fixture.enqueue(prompt, 20);
        fixture.runUntilIdle();
        fixture.enqueue(join(prompt, prompt(2, 10)), 5);
        fixture.runUntilIdle();

        RecordingListener onFirst = fixture.enqueue(join(join(prompt, ids(first.ids)), prompt(3, 5)), 5);
        fixture.runUntilIdle();

        assertThat(onFirst.usage.getCachedTokens()).isEqualTo(119);
    }

    @Test
    void evictsTheLeastRecentlyUsedToHostMemoryAndBringsItBack() {
        int[] oldest = prompt(1, 100);
        fixture.enqueue(oldest, 5);
        fixture.runUntilIdle();
        fixture.enqueue(prompt(2, 100), 5);
        fixture.runUntilIdle();
        fixture.enqueue(prompt(3, 250), 5);
        fixture.runUntilIdle();
        assertThat(decoder.savedTokens()).isEqualTo(104);

        RecordingListener back = fixture.enqueue(join(oldest, prompt(9, 5)), 5);
        fixture.runUntilIdle();

        assertThat(back.usage.getCachedTokens()).isEqualTo(100);
        assertThat(back.ids).isEqualTo(FakeDecoder.completion(join(oldest, prompt(9, 5)), 5));
    }

    @Test
    void keepsNoMoreInHostMemoryThanAllowed() {
        SchedulerFixture small = new SchedulerFixture(3, 400, 250);

        for (int i = 0; i < 12; i++) {
            small.enqueue(prompt(i, 100), 5);
            small.runUntilIdle();
            assertThat(small.decoder.savedTokens()).isLessThanOrEqualTo(250);
        }

        assertThat(small.decoder.savedTokens()).isEqualTo(208);
        RecordingListener lost = small.enqueue(prompt(0, 100), 5);
        RecordingListener kept = small.enqueue(prompt(8, 100), 5);
        small.runUntilIdle();
        assertThat(lost.usage.getCachedTokens()).isZero();
        assertThat(kept.usage.getCachedTokens()).isEqualTo(99);
    }

    @Test
    void keepsNothingInHostMemoryWithoutLimit() {
        SchedulerFixture none = new SchedulerFixture(3, 400, 0);

        for (int i = 0; i < 6; i++) {
            none.enqueue(prompt(i, 100), 5);
            none.runUntilIdle();
        }

        assertThat(none.decoder.savedTokens()).isZero();
    }

    @Test
    void doesNotBringInALongSequenceForAShortBeginning() {
        int[] system = prompt(1, 20);
        fixture.enqueue(join(system, prompt(2, 180)), 5);
        fixture.runUntilIdle();
        fixture.enqueue(prompt(3, 350), 5);
        fixture.runUntilIdle();

        RecordingListener other = fixture.enqueue(join(system, prompt(4, 10)), 5);
        fixture.runUntilIdle();

        assertThat(other.usage.getCachedTokens()).isZero();
        assertThat(decoder.savedTokens()).isGreaterThanOrEqualTo(200);
    }

    @Test
    void keepsWhatACancelledPromptHasComputed() {
        GenerationRequest cancelled = request(prompt(1, 100), 5);
        fixture.enqueue(cancelled);
        fixture.steps(3);
        fixture.scheduler.cancel(cancelled);
        fixture.step();

        RecordingListener again = fixture.enqueue(prompt(1, 100), 5);
        fixture.runUntilIdle();

        assertThat(again.usage.getCachedTokens()).isEqualTo(48);
    }

    private int computed() {
        return decoder.stepSizes.stream().mapToInt(Integer::intValue).sum();
    }
}
