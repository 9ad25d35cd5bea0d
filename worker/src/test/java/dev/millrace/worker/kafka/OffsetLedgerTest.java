package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OffsetLedgerTest {
    private final OffsetLedger ledger = new OffsetLedger(10);

    @Test
    void commitsWhereItStartedWhileNothingCame() {
        assertThat(ledger.lowestUnfinished()).isEqualTo(10);
    }

    @Test
    void commitsTheLowestUnfinishedWhateverFinishesFirst() {
        ledger.start(10, 100);
        ledger.start(11, 100);
        ledger.start(12, 100);

        ledger.finish(11);
        assertThat(ledger.lowestUnfinished()).isEqualTo(10);
        ledger.finish(10);
        assertThat(ledger.lowestUnfinished()).isEqualTo(12);
        ledger.finish(12);
        assertThat(ledger.lowestUnfinished()).isEqualTo(13);
    }

    @Test
    void passesOverOffsetsThatNeverCome() {
        ledger.start(15, 100);
        ledger.start(20, 100);

        assertThat(ledger.lowestUnfinished()).isEqualTo(15);
        ledger.finish(15);
        assertThat(ledger.lowestUnfinished()).isEqualTo(20);
        ledger.finish(20);
        assertThat(ledger.lowestUnfinished()).isEqualTo(21);
    }

    @Test
    void counts() {
        ledger.start(10, 100);
        ledger.start(11, 100);
        ledger.finish(10);
        ledger.finish(10);

        assertThat(ledger.inFlight()).isEqualTo(1);
        assertThat(ledger.bytesInFlight()).isEqualTo(100);
    }
}
