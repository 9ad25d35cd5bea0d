package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.Writer;
import dev.millrace.schemas.event.ReplyEvent;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;

/** Writes reply events of one prompt under one claim. Immutable; any thread, but each keeps its own order. */
final class ReplyWriter {
    private final RecordSender sender;
    private final TopicPartition place;
    private final ReplyForm form;
    private final UUID promptId;
    private final Writer writer;

    ReplyWriter(RecordSender sender, TopicPartition place, ReplyForm form, UUID promptId, Writer writer) {
        this.sender = sender;
        this.place = place;
        this.form = form;
        this.promptId = promptId;
        this.writer = writer;
    }

    Writer writer() {
        return writer;
    }

    /**
     * Sends the next event.
     *
     * @param body one of the bodies of {@link ReplyEvent}
     * @return as {@link RecordSender#send}
     */
    CompletableFuture<Long> send(Object body) {
        ReplyEvent event = new ReplyEvent(promptId, writer.epoch(), writer.nonce(), body);
        return sender.send(form.record(place.topic(), place.partition(), promptId, EventCodec.REPLY_EVENT, event));
    }
}
