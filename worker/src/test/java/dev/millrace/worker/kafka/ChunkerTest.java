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
    private long nowNanos;
    private final Chunker chunker = new Chunker(this::send, () -> nowNanos);

    @Test
    void sendsEachTokenAtOnceWhileKafkaKeepsUp() {
        for (int index = 0; index < 5; index++) {
            add(index);
            acknowledge(index);
        }

        assertThat(sent).extracting(Tokens::getFirstIndex).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void gathersWhatComesUntilTheChunkUnderWayIsAcknowledged() {
        for (int index = 0; index < 5; index++) {
            add(index);
        }
        assertThat(sent).hasSize(1);

        acknowledge(0);

        assertThat(sent).hasSize(2);
        assertThat(sent.get(1)).isEqualTo(new Tokens(1, List.of(1, 2, 3, 4), "bcde", null));
    }

    @Test
    void waitsNoLongerThanFortyMilliseconds() {
        add(0);
        add(1);
        nowNanos += TimeUnit.MILLISECONDS.toNanos(39);
        add(2);
        assertThat(sent).hasSize(1);

        nowNanos += TimeUnit.MILLISECONDS.toNanos(1);
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
