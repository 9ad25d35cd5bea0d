package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Prompt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.avro.io.DatumReader;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A partition whose next prompt names a schema that the registry has not told yet. */
class SchemaWaitTest {
    private static final TopicPartition WAITING = new TopicPartition("prompts", 0);
    private static final TopicPartition OTHER = new TopicPartition("prompts", 1);
    private static final byte[] FRAMED = framed();

    private final MockConsumer<byte[], byte[]> kafka = new MockConsumer<>("earliest");
    private final Deque<CompletableFuture<DatumReader<Prompt>>> asked = new ArrayDeque<>();
    private final Heard heard = new Heard();
    private final PromptConsumer consumer = new PromptConsumer(
            "poll-test",
            kafka,
            "prompts",
            10,
            new SessionFactory(() -> 1, () -> 1),
            new PromptDecoder(new SchemaRegistry(id -> {
                asked.add(new CompletableFuture<>());
                return asked.getLast();
            })),
            heard);

    @BeforeEach
    void bothPartitionsAreAssignedAndOneWaits() {
        kafka.updateBeginningOffsets(Map.of(WAITING, 0L, OTHER, 0L));
        kafka.updateEndOffsets(Map.of(WAITING, 0L, OTHER, 0L));
        consumer.subscribe();
        kafka.schedulePollTask(() -> kafka.rebalance(Set.of(WAITING, OTHER)));
        consumer.turn();
        add(WAITING, 0, FRAMED);
        add(WAITING, 1, EventCodec.PROMPT.encode(WorkerFixture.prompt("behind it", 5)));
        consumer.turn();
    }

    @Test
    void thePartitionStandsBeforeThePromptAndIsPausedWhileOthersGoOn() {
        add(OTHER, 0, EventCodec.PROMPT.encode(WorkerFixture.prompt("hello", 5)));

        consumer.turn();

        assertThat(kafka.paused()).containsExactly(WAITING);
        assertThat(kafka.position(WAITING)).isZero();
        assertThat(heard.offsets).containsExactly("prompts-1@0");
        assertThat(asked).hasSize(1);
    }

    @Test
    void goesOnInOrderWhenTheSchemaIsKnown() throws Exception {
        asked.getLast().complete(reader());

        redeliver();

        assertThat(kafka.paused()).isEmpty();
        assertThat(heard.offsets).containsExactly("prompts-0@0", "prompts-0@1");
        assertThat(heard.malformed).isZero();
        assertThat(asked).hasSize(1);
    }

    @Test
    void asksAgainAfterAFailureInsteadOfGivingThePromptUp() throws Exception {
        asked.getLast().completeExceptionally(new IllegalStateException("the registry is away"));
        redeliver();
        assertThat(asked).hasSize(2);
        assertThat(heard.offsets).isEmpty();

        asked.getLast().complete(reader());
        redeliver();

        assertThat(heard.offsets).containsExactly("prompts-0@0", "prompts-0@1");
        assertThat(heard.malformed).isZero();
    }

    @Test
    void givesThePromptUpWhenTheRegistryDoesNotHaveTheSchema() {
        asked.getLast()
                .completeExceptionally(
                        new MalformedEventException(MalformedEventException.Fault.UNKNOWN_SCHEMA, "there is none"));

        redeliver();

        assertThat(heard.malformed).isEqualTo(1);
        assertThat(heard.offsets).containsExactly("prompts-0@1");
    }

    @Test
    void whoLosesThePartitionAsksNoMore() {
        kafka.schedulePollTask(() -> kafka.rebalance(Set.of(OTHER)));
        consumer.turn();
        asked.getLast().completeExceptionally(new IllegalStateException("the registry is away"));

        consumer.turn();
        consumer.turn();

        assertThat(asked).hasSize(1);
        assertThat(heard.offsets).isEmpty();
    }

    /** Kafka's mock forgets what it gave out once; a broker gives it again. */
    private void redeliver() {
        add(WAITING, 0, FRAMED);
        add(WAITING, 1, EventCodec.PROMPT.encode(WorkerFixture.prompt("behind it", 5)));
        consumer.turn();
    }

    private void add(TopicPartition partition, long offset, byte[] value) {
        kafka.addRecord(new ConsumerRecord<>(partition.topic(), partition.partition(), offset, null, value));
    }

    private static DatumReader<Prompt> reader() throws MalformedEventException {
        return EventCodec.PROMPT.readerOf(new Prompt().getSchema().toString());
    }

    /** Confluent's five bytes in place of the ten of single-object encoding. */
    private static byte[] framed() {
        byte[] single = EventCodec.PROMPT.encode(WorkerFixture.prompt("hello", 5));
        byte[] framed = new byte[single.length - 5];
        framed[4] = 9;
        System.arraycopy(single, 10, framed, 5, single.length - 10);
        return framed;
    }

    private static final class Heard implements PromptListener {
        final List<String> offsets = new ArrayList<>();
        int malformed;

        @Override
        public void onPrompt(PromptConsumer source, IncomingPrompt prompt) {
            offsets.add("prompts-" + prompt.record().partition() + "@"
                    + prompt.record().offset());
        }

        @Override
        public void onMalformed(
                PromptConsumer source,
                PartitionSession session,
                ConsumerRecord<byte[], byte[]> record,
                MalformedEventException reason) {
            malformed++;
        }

        @Override
        public void onSessionClosed(PartitionSession session) {}
    }
}
