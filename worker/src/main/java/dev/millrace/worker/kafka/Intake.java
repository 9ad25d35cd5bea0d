package dev.millrace.worker.kafka;

import dev.millrace.schemas.MalformedEventException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives every prompt a run, and every prompt that cannot be answered to the dead letters. Called on the poll thread;
 * all state is owned by the delivery context, where the calls arrive in order.
 */
final class Intake implements PromptListener, CancellationListener {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

    private final Lane lane;
    private final DeadLetters deadLetters;
    private final EarlyCancellations earlyCancellations = new EarlyCancellations();
    private final Map<PartitionSession, Map<UUID, PromptRun>> runs = new HashMap<>();

    Intake(Lane lane) {
        this.lane = lane;
        this.deadLetters = new DeadLetters(lane);
    }

    @Override
    public void onPrompt(PromptConsumer source, IncomingPrompt incoming) {
        lane.context().runOnContext(v -> take(source, incoming));
    }

    @Override
    public void onMalformed(
            PromptConsumer source,
            PartitionSession session,
            ConsumerRecord<byte[], byte[]> record,
            MalformedEventException reason) {
        lane.context()
                .runOnContext(v -> bury(source, session, record, reason.fault().code(), reason));
    }

    @Override
    public void onSessionClosed(PartitionSession session) {
        lane.context().runOnContext(v -> close(session));
    }

    @Override
    public void onCancellation(UUID promptId) {
        lane.context().runOnContext(v -> cancel(promptId));
    }

    private void take(PromptConsumer source, IncomingPrompt incoming) {
        Map<UUID, PromptRun> active = runs.computeIfAbsent(incoming.session(), session -> open(incoming));
        PromptRun same = active.get(incoming.prompt().getId());
        if (same != null) {
            same.attach(incoming);
            return;
        }
        try {
            ReplyPlace place = lane.replyPlaces()
                    .placeOf(
                            incoming.prompt(),
                            new PromptHeaders(incoming.record().headers()));
            PromptRun run = new PromptRun(lane, source, incoming, place, this::onDone);
            active.put(incoming.prompt().getId(), run);
            if (earlyCancellations.take(incoming.prompt().getId())) {
                run.cancel();
            }
            run.claim();
        } catch (UnknownReplyPlaceException e) {
            bury(source, incoming.session(), incoming.record(), UnknownReplyPlaceException.CODE, e);
        }
    }

    /** The session's oldest prompt in work is its first: cancellations count from shortly before it. */
    private Map<UUID, PromptRun> open(IncomingPrompt first) {
        lane.controls()
                .follow(first.session().partition().partition(), first.record().timestamp() - Lane.READ_BACK_MARGIN_MS);
        return new HashMap<>();
    }

    private void cancel(UUID promptId) {
        List<PromptRun> active = runs.values().stream()
                .map(ofSession -> ofSession.get(promptId))
                .filter(Objects::nonNull)
                .toList();
        if (active.isEmpty()) {
            earlyCancellations.add(promptId);
        }
        active.forEach(PromptRun::cancel);
    }

    private void bury(
            PromptConsumer source,
            PartitionSession session,
            ConsumerRecord<byte[], byte[]> record,
            String code,
            Exception reason) {
        LOG.warn(
                "{}-{} offset {} goes to the dead letters: {}",
                record.topic(),
                record.partition(),
                record.offset(),
                reason.getMessage());
        lane.metrics().onDeadLetter();
        deadLetters.bury(record, code, reason).onSuccess(v -> source.finish(session, List.of(record.offset())));
    }

    private void close(PartitionSession session) {
        Map<UUID, PromptRun> active = runs.remove(session);
        if (active != null) {
            lane.controls().leave(session.partition().partition());
            active.values().forEach(PromptRun::close);
        }
    }

    private void onDone(PromptRun run) {
        Map<UUID, PromptRun> active = runs.get(run.session());
        if (active != null) {
            active.remove(run.prompt().getId(), run);
        }
    }
}
