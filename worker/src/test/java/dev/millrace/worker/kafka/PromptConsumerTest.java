package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Prompt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PromptConsumerTest {
    private static final TopicPartition PARTITION = new TopicPartition("prompts", 3);
    private static final long NOW_MS = 1_800_000_000_000L;

    private final CommitRefusingConsumer kafka = new CommitRefusingConsumer();
    private final AtomicLong nonces = new AtomicLong();
    private final Heard heard = new Heard();
    private final PromptConsumer consumer = new PromptConsumer(
            "poll-test",
            kafka,
            "prompts",
            3,
            new SessionFactory(() -> NOW_MS, nonces::incrementAndGet),
            new PromptDecoder(null),
            heard);

    @BeforeEach
    void subscribe() {
        kafka.updateBeginningOffsets(Map.of(PARTITION, 5L));
        kafka.updateEndOffsets(Map.of(PARTITION, 5L));
        consumer.subscribe();
    }

    @Test
    void startsAtTheBeginningWhereNothingWasCommitted() {
        assign();

        assertThat(kafka.position(PARTITION)).isEqualTo(5);
        assertThat(committed()).isEqualTo(new OffsetAndMetadata(5, "epoch=" + NOW_MS));
    }

    @Test
    void startsWhereTheLastOwnerCommittedUnderAHigherEpoch() {
        kafka.rebalance(Set.of(PARTITION));
        kafka.commitSync(Map.of(PARTITION, new OffsetAndMetadata(7, "epoch=" + (NOW_MS + 100))));

        consumer.turn();

        assertThat(kafka.position(PARTITION)).isEqualTo(7);
        assertThat(committed()).isEqualTo(new OffsetAndMetadata(7, "epoch=" + (NOW_MS + 101)));
    }

    @Test
    void takesTheClockWhereTheMetadataIsLost() {
        kafka.rebalance(Set.of(PARTITION));
        kafka.commitSync(Map.of(PARTITION, new OffsetAndMetadata(7, "something else")));

        consumer.turn();

        assertThat(committed()).isEqualTo(new OffsetAndMetadata(7, "epoch=" + NOW_MS));
    }

    @Test
    void commitsTheLowestUnfinishedOffsetWithTheEpoch() {
        assign();
        prompts(5, 6, 7);
        consumer.turn();

        consumer.finish(heard.session(), List.of(6L));
        consumer.turn();
        assertThat(committed().offset()).isEqualTo(5);
        consumer.finish(heard.session(), List.of(5L));
        consumer.turn();

        assertThat(committed()).isEqualTo(new OffsetAndMetadata(7, "epoch=" + NOW_MS));
    }

    @Test
    void commitsWhatHasFinishedAndClosesTheSessionBeforeRevocationReturns() {
        assign();
        prompts(5, 6);
        consumer.turn();
        consumer.finish(heard.session(), List.of(5L));
        kafka.schedulePollTask(() -> {
            kafka.rebalance(Set.of());
            assertThat(heard.session().open()).isFalse();
            assertThat(heard.closed).containsExactly(heard.session());
        });

        consumer.turn();

        assertThat(kafka.commits.get(PARTITION)).isEqualTo(new OffsetAndMetadata(6, "epoch=" + NOW_MS));
    }

    @Test
    void neverCommitsForAClosedSession() {
        assign();
        prompts(5);
        consumer.turn();
        PartitionSession closed = heard.session();
        kafka.schedulePollTask(() -> kafka.rebalance(Set.of()));
        consumer.turn();
        int commits = kafka.commitCalls;

        consumer.finish(closed, List.of(5L));
        CompletableFuture<Long> raised = consumer.raiseEpoch(closed, NOW_MS);
        consumer.turn();

        assertThat(kafka.commitCalls).isEqualTo(commits);
        assertThatThrownBy(raised::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(SessionClosedException.class);
    }

    @Test
    void opensANewSessionWhenThePartitionComesBack() {
        assign();
        prompts(5);
        consumer.turn();
        PartitionSession first = heard.session();
        kafka.schedulePollTask(() -> kafka.rebalance(Set.of()));
        consumer.turn();

        kafka.schedulePollTask(() -> {
            kafka.rebalance(Set.of(PARTITION));
            kafka.seek(PARTITION, 5);
        });
        consumer.turn();
        prompts(5);
        consumer.turn();

        PartitionSession second = heard.session();
        assertThat(second).isNotSameAs(first);
        assertThat(second.nonce()).isNotEqualTo(first.nonce());
        assertThat(second.epoch()).isGreaterThan(first.epoch());
    }

    @Test
    void closesASessionWhoseProgressIsRefused() {
        assign();
        prompts(5);
        consumer.turn();
        PartitionSession refused = heard.session();
        consumer.finish(refused, List.of(5L));
        kafka.refuseNextCommit(new CommitFailedException());

        consumer.turn();

        assertThat(refused.open()).isFalse();
        assertThat(heard.closed).containsExactly(refused);
    }

    @Test
    void keepsTheSessionWhenProgressMustWaitForARebalance() {
        assign();
        prompts(5);
        consumer.turn();
        consumer.finish(heard.session(), List.of(5L));
        kafka.refuseNextCommit(new RebalanceInProgressException());

        consumer.turn();
        assertThat(committed().offset()).isEqualTo(5);
        consumer.turn();

        assertThat(heard.session().open()).isTrue();
        assertThat(committed().offset()).isEqualTo(6);
    }

    @Test
    void raisesTheEpochAboveWhatWasSeen() {
        assign();
        prompts(5);
        consumer.turn();

        CompletableFuture<Long> raised = consumer.raiseEpoch(heard.session(), NOW_MS + 500);
        consumer.turn();

        assertThat(raised.join()).isEqualTo(NOW_MS + 501);
        assertThat(committed()).isEqualTo(new OffsetAndMetadata(5, "epoch=" + (NOW_MS + 501)));
    }

    @Test
    void closesTheSessionWhenRaisingTheEpochIsRefused() {
        for (RuntimeException refusal : List.of(new CommitFailedException(), new RebalanceInProgressException())) {
            assign();
            prompts(5);
            consumer.turn();
            PartitionSession session = heard.session();
            kafka.refuseNextCommit(refusal);

            CompletableFuture<Long> raised = consumer.raiseEpoch(session, NOW_MS);
            consumer.turn();

            assertThat(session.open()).isFalse();
            assertThatThrownBy(raised::join).hasCauseInstanceOf(SessionClosedException.class);
            kafka.schedulePollTask(() -> kafka.rebalance(Set.of()));
            consumer.turn();
        }
    }

    @Test
    void leavesTheSessionOpenWhenTheFateOfTheRaisedEpochIsUnknown() {
        assign();
        prompts(5);
        consumer.turn();
        kafka.refuseNextCommit(new TimeoutException("no answer"));

        CompletableFuture<Long> raised = consumer.raiseEpoch(heard.session(), NOW_MS);
        consumer.turn();

        assertThat(heard.session().open()).isTrue();
        assertThatThrownBy(raised::join).hasCauseInstanceOf(TimeoutException.class);
    }

    @Test
    void discardsWhatWasFetchedBeforeTheSessionOpened() {
        kafka.schedulePollTask(() -> {
            kafka.rebalance(Set.of(PARTITION));
            kafka.seek(PARTITION, 5);
            prompts(5);
        });

        consumer.turn();

        assertThat(heard.prompts).isEmpty();
        assertThat(kafka.position(PARTITION)).isEqualTo(5);
    }

    @Test
    void pausesEveryPartitionWhenFullAndResumesWhenThereIsRoom() {
        assign();
        prompts(5, 6, 7);
        consumer.turn();
        consumer.turn();
        assertThat(kafka.paused()).containsExactly(PARTITION);

        consumer.finish(heard.session(), List.of(6L));
        consumer.turn();

        assertThat(kafka.paused()).isEmpty();
    }

    @Test
    void leavesInKafkaWhatHasNoRoomUntilThereIs() {
        assign();
        for (int offset = 5; offset < 15; offset++) {
            large(offset);
        }

        consumer.turn();
        assertThat(heard.malformed).hasSize(8);
        assertThat(kafka.position(PARTITION)).isEqualTo(13);
        consumer.turn();
        assertThat(kafka.paused()).containsExactly(PARTITION);
        consumer.finish(heard.malformedIn.get(0), List.of(7L, 8L, 9L, 10L, 11L, 12L));
        consumer.turn();
        assertThat(kafka.paused()).isEmpty();
        large(13);
        consumer.turn();

        assertThat(heard.malformed).hasSize(9);
        assertThat(kafka.position(PARTITION)).isEqualTo(14);
    }

    @Test
    void tellsOfRecordsThatAreNoPrompts() {
        assign();
        kafka.addRecord(new ConsumerRecord<>("prompts", 3, 5, new byte[0], new byte[] {1, 2, 3}));

        consumer.turn();

        assertThat(heard.malformed).hasSize(1);
        assertThat(heard.malformed.get(0)).contains("single-object");
    }

    private void assign() {
        kafka.schedulePollTask(() -> {
            kafka.rebalance(Set.of(PARTITION));
            kafka.seek(PARTITION, 5);
        });
        consumer.turn();
    }

    private void prompts(long... offsets) {
        for (long offset : offsets) {
            byte[] value = EventCodec.PROMPT.encode(Prompt.newBuilder()
                    .setId(UUID.randomUUID())
                    .setConversation("c")
                    .setMessages(List.of())
                    .build());
            kafka.addRecord(new ConsumerRecord<>("prompts", 3, offset, new byte[0], value));
        }
    }

    /** Eight of these are as much as may be in flight. */
    private void large(long offset) {
        byte[] value = new byte[8 << 20];
        kafka.addRecord(new ConsumerRecord<>(
                "prompts",
                3,
                offset,
                0,
                TimestampType.LOG_APPEND_TIME,
                0,
                value.length,
                new byte[0],
                value,
                new RecordHeaders(),
                Optional.empty()));
    }

    private OffsetAndMetadata committed() {
        return Objects.requireNonNull(kafka.committed(Set.of(PARTITION)).get(PARTITION));
    }

    /** Kafka's own mock, which here can refuse a commit and remembers commits of partitions that it lost. */
    private static final class CommitRefusingConsumer extends MockConsumer<byte[], byte[]> {
        final Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
        int commitCalls;
        private @Nullable KafkaException refusal;

        CommitRefusingConsumer() {
            super("none");
        }

        void refuseNextCommit(RuntimeException exception) {
            refusal = (KafkaException) exception;
        }

        @Override
        public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
            commitCalls++;
            if (refusal != null) {
                KafkaException thrown = refusal;
                refusal = null;
                throw thrown;
            }
            commits.putAll(offsets);
            super.commitSync(offsets);
        }
    }

    private static final class Heard implements PromptListener {
        final List<IncomingPrompt> prompts = new ArrayList<>();
        final List<String> malformed = new ArrayList<>();
        final List<PartitionSession> malformedIn = new ArrayList<>();
        final List<PartitionSession> closed = new ArrayList<>();

        PartitionSession session() {
            return prompts.get(prompts.size() - 1).session();
        }

        @Override
        public void onPrompt(PromptConsumer source, IncomingPrompt prompt) {
            prompts.add(prompt);
        }

        @Override
        public void onMalformed(
                PromptConsumer source,
                PartitionSession session,
                ConsumerRecord<byte[], byte[]> record,
                MalformedEventException reason) {
            malformed.add(reason.getMessage());
            malformedIn.add(session);
        }

        @Override
        public void onSessionClosed(PartitionSession session) {
            closed.add(session);
        }
    }
}
