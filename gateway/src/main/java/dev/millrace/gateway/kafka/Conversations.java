package dev.millrace.gateway.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.TopicRules;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.DeletedResponse;
import dev.millrace.schemas.event.KeptConversation;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topic {@code conversations} as far as it has been read: which turn each conversation is at, and which responses
 * are deleted. Some hundred bytes for each of both, as long as they can be gone on from. The poll thread tells of
 * records, any thread asks: all of it under the monitor.
 */
public final class Conversations {
    private static final Logger LOG = LoggerFactory.getLogger(Conversations.class);

    private record Entry(Object body, long atMs) {}

    private record Waiting(long end, CompletableFuture<Void> read) {}

    private final InstantSource clock;
    /** The oldest record first. */
    private final Map<UUID, Entry> entries = new LinkedHashMap<>();

    /** Those that a turn is just being added to, here. */
    private final Set<UUID> claimed = new HashSet<>();

    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private long position;

    public Conversations(InstantSource clock) {
        this.clock = clock;
    }

    /** How a conversation stands; null where there is none. */
    public synchronized @Nullable KeptConversation find(UUID id) {
        return body(id) instanceof KeptConversation conversation ? conversation : null;
    }

    public synchronized boolean isDeleted(UUID promptId) {
        return body(promptId) instanceof DeletedResponse;
    }

    /** Whether nobody else at this gateway is about to add a turn; if so, nobody may before {@link #release}. */
    public synchronized boolean claim(UUID conversation) {
        return claimed.add(conversation);
    }

    /** The turn stands there, or is given up. */
    public synchronized void release(UUID conversation) {
        claimed.remove(conversation);
    }

    private @Nullable Object body(UUID id) {
        Entry entry = entries.get(id);
        return entry == null || old(entry) ? null : entry.body();
    }

    /** Completes when all before this offset has been read, on the thread of whoever asks or on the poll thread. */
    synchronized CompletableFuture<Void> readTo(long end) {
        CompletableFuture<Void> read = new CompletableFuture<>();
        if (position >= end) {
            read.complete(null);
        } else {
            waiting.add(new Waiting(end, read));
        }
        return read;
    }

    /** The next one of the topic. */
    synchronized void onRecord(ConsumerRecord<byte[], byte[]> record) {
        for (Iterator<Entry> all = entries.values().iterator(); all.hasNext() && old(all.next()); ) {
            all.remove();
        }
        try {
            UUID id = UUID.fromString(String.valueOf(Reply.key(record)));
            entries.remove(id); // so that it becomes the youngest
            if (record.value() != null) {
                ConversationEntry entry = EventCodec.CONVERSATION_ENTRY.decode(record.value());
                entries.put(id, new Entry(entry.getBody(), record.timestamp()));
            }
        } catch (MalformedEventException | IllegalArgumentException e) {
            LOG.warn("{} offset {} is passed over: {}", record.topic(), record.offset(), e.getMessage());
        }
    }

    /** The topic has been read so far. */
    synchronized void onReadTo(long next) {
        position = next;
        waiting.removeIf(one -> next >= one.end() && one.read().complete(null));
    }

    private boolean old(Entry entry) {
        return clock.millis() - entry.atMs() > TopicRules.CONVERSATIONS_RETENTION_MS;
    }
}
