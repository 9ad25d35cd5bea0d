package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.WorkerStatus;
import dev.millrace.worker.engine.Engine;
import dev.millrace.worker.engine.EngineLoad;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells whoever reads {@code workers} how this device is, again and again, and when it leaves. One that is lost is not
 * missed: the next one comes. Kafka is asked for the topic each time, since a producer would wait for one that is gone,
 * and all tokens with it. Owned by the delivery context.
 */
final class Heartbeats {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeats.class);
    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Lane lane;
    private final String device;
    private final long periodMs;
    private final TopicPartition place;
    private final OutageLog outage = new OutageLog("Telling how this worker is", System::nanoTime, LOG::info);
    private long timer;
    /** Whether there is something to take back. */
    private boolean said;

    private boolean stopped;
    private double countedTokens;
    private long countedNanos;

    /** @param device cpu, or the GPU's number */
    Heartbeats(Lane lane, String device, long periodMs) {
        this.lane = lane;
        this.device = device;
        this.periodMs = periodMs;
        this.place = new TopicPartition(lane.topics().workers(), 0);
    }

    /** The first one at once. */
    void start() {
        countedTokens = lane.engine().generatedTokens();
        countedNanos = System.nanoTime();
        timer = lane.context().owner().setPeriodic(periodMs, beat -> beat());
        beat();
    }

    /** Says that the worker leaves, behind all that it has said before. */
    void stop() {
        lane.context().owner().cancelTimer(timer);
        stopped = true;
        if (said) {
            send(null);
        }
    }

    private void beat() {
        lane.placeCheck()
                .check(place)
                .onSuccess(there -> {
                    if (!stopped) {
                        said = true;
                        send(EventCodec.WORKER_STATUS.encode(status()));
                    }
                })
                .onFailure(this::onFailed);
    }

    private void send(byte @Nullable [] value) {
        byte[] key = lane.workerId().getBytes(StandardCharsets.UTF_8);
        lane.onContext(lane.sender().send(new ProducerRecord<>(place.topic(), place.partition(), key, value)))
                .onSuccess(offset -> outage.succeeded())
                .onFailure(this::onFailed);
    }

    private void onFailed(Throwable failure) {
        if (stopped) {
            return;
        }
        outage.failed(failure instanceof Exception exception ? exception : new IllegalStateException(failure));
    }

    private WorkerStatus status() {
        Engine engine = lane.engine();
        EngineLoad load = engine.load();
        return WorkerStatus.newBuilder()
                .setWorkerId(lane.workerId())
                .setAt(Instant.now())
                .setModelName(lane.preparation().modelName())
                .setModelId(lane.preparation().modelId())
                .setDevice(device)
                .setContextTokens(engine.contextTokens())
                .setSlots(engine.slots())
                .setRunningPrompts(load.runningPrompts())
                .setQueuedPrompts(load.queuedPrompts())
                .setKvCells(load.kvCells())
                .setFreeKvCells(load.freeKvCells())
                .setTokensPerSecond(tokensPerSecond(engine.generatedTokens(), System.nanoTime()))
                .setAdapters(lane.preparation().adapters().names())
                .build();
    }

    private float tokensPerSecond(double tokens, long nowNanos) {
        double seconds = (nowNanos - countedNanos) / NANOS_PER_SECOND;
        double rate = seconds > 0 ? (tokens - countedTokens) / seconds : 0;
        countedTokens = tokens;
        countedNanos = nowNanos;
        return (float) rate;
    }
}
