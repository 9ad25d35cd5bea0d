package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schemas.event.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ChunkerTest {
    private final List<Tokens> sent = new ArrayList<>();
    private final List<CompletableFuture<Long>> acknowledgements = new ArrayList<>();
    private final List<Runnable> timers = new ArrayList<>();
    private long nowNanos;
    private final Chunker chunker = chunker(CompletableFuture.completedFuture(null));

    @Test
    void sendsEachTokenAtOnceThatTakesLongerThanAFrame() {
        for (int index = 0; index < 5; index++) {
            add(index);
            acknowledge(index);
            passMs(33);
        }

        assertThat(sent).extracting(Tokens::getFirstIndex).containsExactly(0, 1, 2, 3, 4);
        assertThat(timers).isEmpty();
    }

    @Test
    void gathersWhatComesWithinAFrame() {
        add(0);
        acknowledge(0);
        passMs(20);
        add(1);
        passMs(12);
        add(2);
        assertThat(sent).hasSize(1);

        passMs(1);
        add(3);

        assertThat(sent).hasSize(2);
        assertThat(sent.get(1)).isEqualTo(new Tokens(1, List.of(1, 2, 3), "bcd", null));
    }

    @Test
    void sendsWhatHasGatheredWhenTheFrameIsOverThoughNothingMoreComes() {
        add(0);
        acknowledge(0);
        passMs(10);
        add(1);
        add(2);
        assertThat(timers).hasSize(1);

        passMs(23);
        timers.get(0).run();

        assertThat(sent).hasSize(2);
        assertThat(sent.get(1)).isEqualTo(new Tokens(1, List.of(1, 2), "bc", null));
    }

    @Test
    void sendsWithOthersThoughTheyBeganAtOtherTimes() {
        Chunker other = chunker(CompletableFuture.completedFuture(null));
        passMs(3);
        add(0);
        passMs(25);
        other.add(0, List.of(0), "x", null);
        acknowledge(0);
        acknowledge(1);
        add(1);
        other.add(1, List.of(1), "y", null);
        assertThat(sent).hasSize(2);

        passMs(5);
        timers.forEach(Runnable::run);

        assertThat(sent).extracting(Tokens::getText).containsExactly("a", "x", "b", "y");
    }

    @Test
    void asksForATimerOnceMoreAfterEachOne() {
        add(0);
        acknowledge(0);
        add(1);
        passMs(33);
        timers.get(0).run();
        acknowledge(1);
        add(2);
        assertThat(timers).hasSize(2);

        passMs(33);
        timers.get(1).run();

        assertThat(sent).extracting(Tokens::getFirstIndex).containsExactly(0, 1, 2);
    }

    @Test
    void gathersWhatComesUntilTheChunkUnderWayIsAcknowledged() {
        for (int index = 0; index < 5; index++) {
            add(index);
            passMs(7);
        }
        assertThat(sent).hasSize(1);

        acknowledge(0);

        assertThat(sent).hasSize(2);
        assertThat(sent.get(1)).isEqualTo(new Tokens(1, List.of(1, 2, 3, 4), "bcde", null));
    }

    @Test
    void sendsNothingBeforeThereIsLeave() {
        CompletableFuture<Void> leave = new CompletableFuture<>();
        Chunker silent = chunker(leave);
        silent.add(0, List.of(0), "a", null);
        passMs(50);
        silent.add(1, List.of(1), "x".repeat(2000), null);
        CompletableFuture<?> landed = silent.flush();
        assertThat(sent).isEmpty();

        leave.complete(null);

        assertThat(sent).singleElement().extracting(Tokens::getIds).isEqualTo(List.of(0, 1));
        assertThat(landed).isNotDone();
        acknowledge(0);
        assertThat(landed).isCompleted();
    }

    @Test
    void waitsNoLongerThanFortyMilliseconds() {
        add(0);
        add(1);
        passMs(39);
        add(2);
        assertThat(sent).hasSize(1);

        passMs(1);
        add(3);

        assertThat(sent).extracting(Tokens::getFirstIndex).containsExactly(0, 1);
    }

    @Test
    void letsAChunkGrowToAThousandCharactersOrSo() {
        add(0);
        chunker.add(1, List.of(1), "x".repeat(1023), null);
        assertThat(sent).hasSize(1);

        chunker.add(2, List.of(2), "x", null);

        assertThat(sent).hasSize(2);
        assertThat(sent.get(1).getText()).hasSize(1024);
    }

    @Test
    void flushesWhatHasGatheredAndTellsWhenAllOfItHasLanded() {
        add(0);
        add(1);

        CompletableFuture<?> landed = chunker.flush();

        assertThat(sent).hasSize(2);
        acknowledge(1);
        assertThat(landed).isNotDone();
        acknowledge(0);
        assertThat(landed).isCompleted();
    }

    @Test
    void tellsThatOneWasLostThoughLaterOnesLanded() {
        add(0);
        add(1);
        CompletableFuture<?> landed = chunker.flush();

        acknowledgements.get(0).completeExceptionally(new IllegalStateException("lost"));
        acknowledge(1);

        assertThatThrownBy(landed::join).hasMessageContaining("lost");
    }

    private Chunker chunker(CompletableFuture<Void> leave) {
        return new Chunker(this::send, () -> nowNanos, (nanos, task) -> timers.add(task), leave);
    }

    private void passMs(long ms) {
        nowNanos += TimeUnit.MILLISECONDS.toNanos(ms);
    }

    private void add(int index) {
        chunker.add(index, List.of(index), String.valueOf((char) ('a' + index)), null);
    }

    private void acknowledge(int chunk) {
        acknowledgements.get(chunk).complete((long) chunk);
    }

    private CompletableFuture<Long> send(Tokens chunk) {
        CompletableFuture<Long> acknowledgement = new CompletableFuture<>();
        sent.add(chunk);
        acknowledgements.add(acknowledgement);
        return acknowledgement;
    }
}
