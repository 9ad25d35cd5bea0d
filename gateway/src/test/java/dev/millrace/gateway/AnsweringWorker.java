package dev.millrace.gateway;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Answers every prompt that a gateway sends, soon but not at once. */
final class AnsweringWorker implements AutoCloseable {
    private static final long TURN_NANOS = Duration.ofMillis(1).toNanos();
    private static final Writer WRITER = new Writer(1000, 1);
    private static final Writer SUCCESSOR = new Writer(2000, 2);

    private final FakeKafka kafka;
    private final Thread thread = new Thread(this::run, "answering-worker");
    private volatile boolean closing;

    AnsweringWorker(FakeKafka kafka) {
        this.kafka = kafka;
    }

    void start() {
        thread.start();
    }

    private void run() {
        List<ReplyEvent> later = List.of();
        while (!closing) {
            if (!later.isEmpty()) {
                kafka.reply(later.toArray(ReplyEvent[]::new));
            }
            later = begin(kafka.takeSent());
            LockSupport.parkNanos(TURN_NANOS);
        }
    }

    /** The ends of the answers that it begins. */
    private List<ReplyEvent> begin(List<ProducerRecord<byte[], byte[]>> sent) {
        List<ReplyEvent> now = new ArrayList<>();
        List<ReplyEvent> later = new ArrayList<>();
        for (ProducerRecord<byte[], byte[]> record : sent) {
            try {
                if (record.topic().equals("prompts")) {
                    answer(EventCodec.PROMPT.decode(record.value()), now, later);
                } else if (record.topic().equals("attendance")) {
                    Attendance said = EventCodec.ATTENDANCE.decode(record.value());
                    kafka.attend(said);
                }
            } catch (MalformedEventException e) {
                throw new AssertionError(e);
            }
        }
        if (!now.isEmpty()) {
            kafka.reply(now.toArray(ReplyEvent[]::new));
        }
        return later;
    }

    private static void answer(Prompt prompt, List<ReplyEvent> now, List<ReplyEvent> later) {
        ReplyEvents worker = new ReplyEvents(prompt.getId(), WRITER);
        ReplyEvents other = new ReplyEvents(prompt.getId(), SUCCESSOR);
        now.add(worker.claimed());
        now.add(worker.queued(1));
        now.add(worker.tokens(0, 2, "Once upon"));
        switch (Math.floorMod(prompt.getId().hashCode(), 5)) {
            case 0 -> later.add(worker.failed(new Failure("invalid_prompt", "refused", "sampling.topP")));
            case 1 -> later.addAll(List.of(other.claimed(), other.restarted(), other.finished(FinishReason.STOP, "!")));
            case 2 -> later.add(worker.finished(FinishReason.REPETITION, ""));
            default -> later.add(worker.finished(FinishReason.STOP, " a time"));
        }
    }

    /** It ends soon. */
    @Override
    public void close() {
        closing = true;
    }
}
