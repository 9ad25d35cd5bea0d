package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.ReplyEvent;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Neither claims nor reads back, to measure what that costs: the first event about a prompt, its claim, goes nowhere. */
final class Unclaimed implements RecordSender, HistoryReader {
    private final RecordSender sender;
    private final String replies;
    private final Map<UUID, ReplyEvent> claims = new ConcurrentHashMap<>();

    Unclaimed(RecordSender sender, String replies) {
        this.sender = sender;
        this.replies = replies;
    }

    @Override
    public CompletableFuture<Long> send(ProducerRecord<byte[], byte[]> record) {
        if (record.topic().equals(replies)) {
            UUID promptId = UUID.fromString(new String(record.key(), StandardCharsets.UTF_8));
            if (!claims.containsKey(promptId)) {
                claims.put(promptId, decode(record.value()));
                return CompletableFuture.completedFuture(0L);
            }
        }
        return sender.send(record);
    }

    @Override
    public CompletableFuture<ReplyHistory> read(ReadBack request) {
        ReplyHistory history = new ReplyHistory(request.place(), request.promptId(), 0, 0);
        history.accept(0, Objects.requireNonNull(claims.get(request.promptId())));
        return CompletableFuture.completedFuture(history);
    }

    private static ReplyEvent decode(byte[] value) {
        try {
            return EventCodec.REPLY_EVENT.decode(value);
        } catch (MalformedEventException e) {
            throw new IllegalStateException(e);
        }
    }
}
