package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutageLogTest {
    private final List<String> lines = new ArrayList<>();
    private Duration now = Duration.ZERO;
    private final OutageLog outage = new OutageLog("A session", () -> now.toNanos(), lines::add);

    @Test
    void saysTheFirstFailureAndThenEverMoreRarelyThatItGoesOn() {
        fail(60);

        assertThat(lines)
                .containsExactly(
                        "A session failed and is tried again: java.lang.Exception: away",
                        "A session has failed for 2 s: java.lang.Exception: away",
                        "A session has failed for 6 s: java.lang.Exception: away",
                        "A session has failed for 14 s: java.lang.Exception: away",
                        "A session has failed for 30 s: java.lang.Exception: away");
    }

    @Test
    void neverFallsSilentForLongerThanFiveMinutes() {
        fail(3600);
        lines.clear();

        fail(301);

        assertThat(lines).hasSize(1);
    }

    @Test
    void saysOnceThatItIsOver() {
        fail(10);
        lines.clear();

        outage.succeeded();
        outage.succeeded();

        assertThat(lines).containsExactly("A session works again after 10 s");
    }

    @Test
    void saysNothingWhereNothingFails() {
        outage.succeeded();

        assertThat(lines).isEmpty();
    }

    @Test
    void saysTheNextOutageAtOnce() {
        fail(60);
        outage.succeeded();
        lines.clear();

        fail(1);

        assertThat(lines).containsExactly("A session failed and is tried again: java.lang.Exception: away");
    }

    /** Ten times a second. */
    private void fail(int seconds) {
        for (int i = 0; i < 10 * seconds; i++) {
            outage.failed(new Exception("away"));
            now = now.plusMillis(100);
        }
    }
}
