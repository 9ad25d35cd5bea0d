package dev.millrace.gateway.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.TopicRules;
import dev.millrace.schemas.event.WorkerStatus;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers that live: those whose last heartbeat is not older than three periods, by the time at which the broker
 * appended it. So brokers and gateways are taken to agree on the time to some seconds; where they do not, the list is
 * wrong, and nothing else. The poll thread tells of heartbeats, any thread asks.
 */
public final class LivingWorkers {
    private static final Logger LOG = LoggerFactory.getLogger(LivingWorkers.class);
    private static final long GONE_MS = 3 * TopicRules.HEARTBEAT_MS;

    private record Heartbeat(WorkerStatus status, long atMs) {}

    private final InstantSource clock;
    private final Map<String, Heartbeat> lastByWorker = new ConcurrentHashMap<>();
    /** Owned by the poll thread. */
    private boolean complained;

    public LivingWorkers(InstantSource clock) {
        this.clock = clock;
    }

    /** In no order. */
    public List<WorkerStatus> statuses() {
        return lastByWorker.values().stream()
                .filter(heartbeat -> !gone(heartbeat))
                .map(Heartbeat::status)
                .toList();
    }

    /** The next one of the topic: a heartbeat, or a worker's last word, which has no value. */
    void onRecord(ConsumerRecord<byte[], byte[]> record) {
        lastByWorker.values().removeIf(this::gone);
        String workerId = Reply.key(record);
        if (workerId == null) {
            return;
        }
        if (record.value() == null) {
            lastByWorker.remove(workerId);
            return;
        }
        try {
            lastByWorker.put(
                    workerId, new Heartbeat(EventCodec.WORKER_STATUS.decode(record.value()), record.timestamp()));
        } catch (MalformedEventException e) {
            complainOnce(record, e);
        }
    }

    /** More come every few seconds, from workers that are newer than this gateway for example. */
    private void complainOnce(ConsumerRecord<byte[], byte[]> record, MalformedEventException e) {
        if (!complained) {
            complained = true;
            LOG.warn(
                    "{} offset {} is passed over, and so are others like it: {}",
                    record.topic(),
                    record.offset(),
                    e.getMessage());
        }
    }

    private boolean gone(Heartbeat heartbeat) {
        return clock.millis() - heartbeat.atMs() > GONE_MS;
    }
}
