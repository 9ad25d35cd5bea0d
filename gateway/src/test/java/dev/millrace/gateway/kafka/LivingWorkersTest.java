package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.WorkerStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LivingWorkersTest {
    private static final long THREE_PERIODS_MS = 15_000;

    private Instant now = Instant.ofEpochMilli(1_800_000_000_000L);
    private final LivingWorkers workers = new LivingWorkers(() -> now);

    @Test
    void knowsTheLastWordOfEach() {
        hear("a", status("a", "old"));
        hear("a", status("a", "new"));
        hear("b", status("b", "demo"));

        assertThat(workers.statuses()).containsExactlyInAnyOrder(status("a", "new"), status("b", "demo"));
    }

    @Test
    void forgetsWhoHasNotSpokenForThreePeriods() {
        hear("a", status("a", "demo"));

        now = now.plusMillis(THREE_PERIODS_MS);
        List<WorkerStatus> stillThere = workers.statuses();
        now = now.plusMillis(1);

        assertThat(stillThere).hasSize(1);
        assertThat(workers.statuses()).isEmpty();
    }

    @Test
    void countsFromWhenTheBrokerHadIt() {
        long longAgo = now.toEpochMilli() - THREE_PERIODS_MS - 1;

        workers.onRecord(record(0, longAgo, "a", EventCodec.WORKER_STATUS.encode(status("a", "demo"))));

        assertThat(workers.statuses()).isEmpty();
    }

    @Test
    void forgetsWhoLeaves() {
        hear("a", status("a", "demo"));

        hear("a", null);

        assertThat(workers.statuses()).isEmpty();
    }

    @Test
    void passesOverWhatIsNoHeartbeat() {
        hear("a", status("a", "demo"));
        workers.onRecord(record(0, now.toEpochMilli(), "a", new byte[] {1, 2, 3}));
        workers.onRecord(record(0, now.toEpochMilli(), null, null));

        assertThat(workers.statuses()).containsExactly(status("a", "demo"));
    }

    private void hear(String workerId, @Nullable WorkerStatus status) {
        byte[] value = status == null ? null : EventCodec.WORKER_STATUS.encode(status);
        workers.onRecord(record(0, now.toEpochMilli(), workerId, value));
    }

    static ConsumerRecord<byte[], byte[]> record(
            long offset, long timestampMs, @Nullable String key, byte @Nullable [] value) {
        return new ConsumerRecord<>(
                "workers",
                0,
                offset,
                timestampMs,
                TimestampType.LOG_APPEND_TIME,
                0,
                0,
                key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                value,
                new RecordHeaders(),
                Optional.empty());
    }

    static WorkerStatus status(String workerId, String model) {
        return new WorkerStatus(
                workerId, Instant.EPOCH, model, "digest", "cpu", 4096, 8, 0, 0, 16_384, 16_384, 0f, List.of());
    }
}
